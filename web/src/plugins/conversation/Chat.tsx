import { type ReactNode, useMemo } from 'react';
import { Masked } from '../Masked';
import { eventText, picksOf, senderName } from './picks';
import type { Button, Content, Header, Media, Message, Section } from './query';

/** The messages of a session, the customer's on the right, all others' on the left. */
export function Chat({ messages }: { messages: Message[] }) {
  const picks = useMemo(() => picksOf(messages), [messages]);
  if (messages.length === 0) return <p className="panel-empty">The session has no messages.</p>;
  return (
    <ol className="chat" aria-label="Messages">
      {messages.map((message, index) => (
        <Line
          key={message.id}
          message={message}
          previous={messages[index - 1]}
          picked={picks.get(message.id) ?? new Map()}
        />
      ))}
    </ol>
  );
}

type Picked = Map<number, string>;

function Line({ message, previous, picked }: { message: Message; previous?: Message | undefined; picked: Picked }) {
  const { content, senderType, sentAt, status, replyTo } = message;
  const day = sentAt?.slice(0, 10);
  const newDay = day && day !== previous?.sentAt?.slice(0, 10) ? day : null;
  if (content.__typename === 'SystemContent') {
    return (
      <>
        {newDay && <Day day={newDay} />}
        <li className={`chat-system${content.event === 'conversation.take_over' ? ' chat-handover' : ''}`}>
          {eventText(content.event, content.fromSeatId, content.toSeatId)}
          <Time sentAt={sentAt} />
        </li>
      </>
    );
  }
  const own = senderType === 'USER';
  return (
    <>
      {newDay && <Day day={newDay} />}
      <li id={anchor(message.id)} className={own ? 'chat-line chat-customer' : 'chat-line'} tabIndex={-1}>
        <div className={`chat-bubble chat-${senderType.toLowerCase()}`}>
          <span className="chat-sender">{senderName(message)}</span>
          {replyTo && <Quote message={message} />}
          <Body content={content} text={message.text} picked={picked} />
          <span className="chat-meta">
            <Time sentAt={sentAt} />
            {!own && <span>{status === 'UNKNOWN' ? message.statusRaw : statuses[status]}</span>}
          </span>
        </div>
      </li>
    </>
  );
}

const statuses: Record<string, string> = { SENT: '✓ sent', DELIVERY: '✓✓ delivered', READ: '✓✓ read' };

function Day({ day }: { day: string }) {
  return <li className="chat-day">{day}</li>;
}

function Time({ sentAt }: { sentAt: string | null }) {
  if (!sentAt) return null;
  return (
    <time dateTime={sentAt} title={sentAt}>
      {sentAt.slice(11, 16)}
    </time>
  );
}

function Quote({ message }: { message: Message }) {
  const { replyTo } = message;
  if (!replyTo) return null;
  const target = replyTo.message?.id;
  const quoted = (
    <>
      <span className="chat-sender">{senderName(replyTo)}</span>
      <Masked text={replyTo.content.text || `(${replyTo.content.type || 'a message'})`} />
    </>
  );
  if (!target) return <blockquote className="chat-quote">{quoted}</blockquote>;
  return (
    <button
      type="button"
      className="chat-quote"
      title="Go to the message that is answered"
      onClick={() => document.getElementById(anchor(target))?.focus()}
    >
      {quoted}
    </button>
  );
}

function anchor(id: string): string {
  return `message-${id}`;
}

function Body({ content, text, picked }: { content: Content; text: string; picked: Picked }): ReactNode {
  switch (content.__typename) {
    case 'TemplateContent':
    case 'InteractiveButtonsContent':
      return (
        <Framed {...content}>
          <Buttons buttons={content.buttons} picked={picked} />
        </Framed>
      );
    case 'InteractiveListContent':
      return (
        <Framed {...content}>
          <List button={content.button} sections={content.sections} picked={picked} />
        </Framed>
      );
    case 'ButtonContent':
    case 'InteractiveAnswerContent': {
      const { chosen } = content;
      return (
        <>
          <Paragraph text={content.text || text} />
          <span className="chat-note">
            {!chosen && 'an answer to options that are not known'}
            {chosen && `picked option ${chosen.index + 1}`}
            {chosen?.section && ` of ${chosen.section}`}
            {chosen?.type === 'OPT_OUT' && ', an opt-out'}
            {chosen?.match === 'AMBIGUOUS' && ' (several have this title)'}
          </span>
        </>
      );
    }
    case 'ImageContent':
    case 'VideoContent':
    case 'AudioContent':
    case 'FileContent':
      return (
        <>
          <Attachment kind={kinds[content.__typename]} media={content.media} />
          <Paragraph text={content.caption} />
        </>
      );
    case 'LocationContent': {
      const { name, address, latitude, longitude } = content;
      return (
        <div className="chat-card">
          <span className="chat-kind">Location</span>
          {name && <strong>{<Masked text={name} />}</strong>}
          <Paragraph text={address} />
          <span className="chat-note">
            {latitude}, {longitude}
          </span>
        </div>
      );
    }
    case 'ContactsContent':
      return content.contacts.map(({ name, phoneNumber }, index) => (
        <div key={index} className="chat-card">
          <span className="chat-kind">Contact</span>
          <strong>
            <Masked text={name} />
          </strong>
          <Paragraph text={phoneNumber} />
        </div>
      ));
    case 'UnknownContent':
      return (
        <>
          <Paragraph text={content.text || text} />
          <details className="chat-card">
            <summary>{content.type ? `Content of the type ${content.type}` : 'Content without a type'}</summary>
            <pre tabIndex={0}>
              <Masked text={JSON.stringify(content.raw, null, 2)} />
            </pre>
          </details>
        </>
      );
    default:
      return <Paragraph text={content.text || text} />;
  }
}

const kinds = { ImageContent: 'Image', VideoContent: 'Video', AudioContent: 'Audio', FileContent: 'File' };

function Paragraph({ text }: { text: string }) {
  return text ? (
    <p className="chat-text" dir="auto">
      <Masked text={text} />
    </p>
  ) : null;
}

interface FramedProps {
  header: Header | null;
  body: string;
  footer: string;
  children: ReactNode;
}

function Framed({ header, body, footer, children }: FramedProps) {
  return (
    <>
      {header?.media && <Attachment kind={`${header.type || 'media'} in the header`} media={header.media} />}
      {header?.text && (
        <strong className="chat-text" dir="auto">
          <Masked text={header.text} />
        </strong>
      )}
      <Paragraph text={body} />
      {footer && (
        <p className="chat-footer" dir="auto">
          <Masked text={footer} />
        </p>
      )}
      {children}
    </>
  );
}

function Buttons({ buttons, picked }: { buttons: Button[]; picked: Picked }) {
  if (buttons.length === 0) return null;
  return (
    <ul className="chat-options" aria-label="Buttons">
      {buttons.map(({ type, title }, index) => (
        <Option key={index} title={title} note={type === 'OPT_OUT' ? 'opt-out' : ''} by={picked.get(index)} />
      ))}
    </ul>
  );
}

function List({ button, sections, picked }: { button: string; sections: Section[]; picked: Picked }) {
  let index = 0;
  return (
    <div className="chat-list">
      {button && <span className="chat-list-button">{button}</span>}
      {sections.map(({ title, rows }, section) => (
        <div key={section}>
          {title && <span className="chat-kind">{<Masked text={title} />}</span>}
          <ul className="chat-options" aria-label={title || 'Options'}>
            {rows.map(({ title, description }, row) => (
              <Option key={row} title={title} note={description} by={picked.get(index++)} />
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

function Option({ title, note, by }: { title: string; note: string; by: string | undefined }) {
  return (
    <li className={by ? 'chat-option chat-picked' : 'chat-option'}>
      <span dir="auto">
        <Masked text={title || '(without a title)'} />
      </span>
      {note && (
        <span className="chat-note">
          <Masked text={note} />
        </span>
      )}
      {by && <span className="chat-pick">✓ picked by the {by.toLowerCase()}</span>}
    </li>
  );
}

/** Names a medium. Its address is asked only when its link is followed: the request tells its host who reads here. */
function Attachment({ kind, media }: { kind: string; media: Media | null }) {
  const url = media?.url ?? '';
  return (
    <div className="chat-card">
      <span className="chat-kind">{kind}</span>
      {media?.name && (
        <strong>
          <Masked text={media.name} />
        </strong>
      )}
      {/^https?:\/\//i.test(url) ? (
        <a href={url} target="_blank" rel="noreferrer noopener">
          Open at {hostOf(url)}
        </a>
      ) : (
        <span className="chat-note">{url ? <Masked text={url} /> : 'without an address'}</span>
      )}
    </div>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
