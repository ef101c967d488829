import type { Message } from './query';

/** The options that were picked of each message, by its id: the indexes of the options, and who picked them. */
export type Picks = Map<string, Map<number, string>>;

/**
 * Finds which options of which messages were picked. An answer names its message by the reply; without one in this
 * session it is the latest message before it that offers an option of that title.
 */
export function picksOf(messages: Message[]): Picks {
  const picks: Picks = new Map();
  messages.forEach((message, place) => {
    const { content, replyTo } = message;
    if (content.__typename !== 'ButtonContent' && content.__typename !== 'InteractiveAnswerContent') return;
    const title = content.chosen?.title ?? content.text;
    const asked =
      messages.find(({ id }) => id === replyTo?.message?.id) ??
      messages.slice(0, place).findLast((earlier) => titlesOf(earlier).includes(title));
    if (!asked) return;
    const index = content.chosen?.index ?? titlesOf(asked).indexOf(title);
    if (index < 0) return;
    const of = picks.get(asked.id) ?? new Map<number, string>();
    of.set(index, senderName(message));
    picks.set(asked.id, of);
  });
  return picks;
}

/** The titles of a message's options, sections one after the other. */
export function titlesOf({ content }: Message): string[] {
  switch (content.__typename) {
    case 'TemplateContent':
    case 'InteractiveButtonsContent':
      return content.buttons.map(({ title }) => title);
    case 'InteractiveListContent':
      return content.sections.flatMap(({ rows }) => rows.map(({ title }) => title));
    default:
      return [];
  }
}

const senders: Record<string, string> = {
  USER: 'Customer',
  ROBOT: 'Robot',
  CHATBOT: 'Chatbot',
  AGENT: 'Agent',
  SYSTEM: 'System',
};

/** Who sent a message, in a word. */
export function senderName({ senderType, senderTypeRaw }: { senderType: string; senderTypeRaw?: string }): string {
  return senders[senderType] ?? (senderTypeRaw || 'Unknown sender');
}

/** What a system event says, in plain words. */
export function eventText(event: string, fromSeatId: string, toSeatId: string): string {
  switch (event) {
    case 'conversation.start':
      return 'The conversation begins';
    case 'conversation.take_over':
      if (!toSeatId) return fromSeatId ? `Seat ${fromSeatId} hands back` : 'The conversation is handed over';
      return `Handed over to seat ${toSeatId}${fromSeatId ? ` by seat ${fromSeatId}` : ''}`;
    case 'conversation.close':
      return toSeatId || fromSeatId ? `Seat ${toSeatId || fromSeatId} closes the conversation` : 'The conversation ends';
    default:
      return event || 'A system event without a name';
  }
}
