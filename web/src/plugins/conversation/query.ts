/** The built-in document of the server: it may be sent where others may not. */
export { default as conversationQuery } from '../../../../graph/library/PlaygroundConversation.graphql?raw';

export interface Conversation {
  callId: string;
  callee: string;
  channel: string;
  workflowName: string;
  startedAt: string;
  endedAt: string;
  endReason: string;
  endReasonRaw: string;
  intention: { label: string };
  handover: { seatIds: string[]; waitSeconds: number | null } | null;
  messages: Message[];
}

export interface Message {
  id: string;
  msgId: string;
  senderType: string;
  senderTypeRaw: string;
  sentAt: string | null;
  status: string;
  statusRaw: string;
  contentType: string;
  text: string;
  content: Content;
  replyTo: Reply | null;
}

export interface Reply {
  msgId: string;
  senderType: string;
  content: { __typename: string; type: string; text: string };
  message: { id: string } | null;
}

export interface Media {
  url: string;
  name: string | null;
}

export interface Header {
  type: string;
  text: string;
  media: Media | null;
}

export interface Button {
  type: string;
  title: string;
}

export interface Chosen {
  type: string;
  title: string;
  index: number;
  section: string | null;
  match: string;
}

export interface Section {
  title: string;
  rows: { title: string; description: string }[];
}

interface Framed {
  header: Header | null;
  body: string;
  footer: string;
}

interface WithMedia {
  media: Media | null;
  caption: string;
}

export type Content = { type: string; text: string } & (
  | { __typename: 'TextContent' }
  | { __typename: 'SystemContent'; event: string; fromSeatId: string; toSeatId: string }
  | ({ __typename: 'TemplateContent'; name: string | null; language: string; buttons: Button[] } & Framed)
  | { __typename: 'ButtonContent' | 'InteractiveAnswerContent'; chosen: Chosen | null }
  | ({ __typename: 'ImageContent' | 'VideoContent' | 'AudioContent' | 'FileContent' } & WithMedia)
  | ({ __typename: 'InteractiveButtonsContent'; buttons: Button[] } & Framed)
  | ({ __typename: 'InteractiveListContent'; button: string; sections: Section[] } & Framed)
  | { __typename: 'LocationContent'; latitude: number; longitude: number; address: string; name: string | null }
  | { __typename: 'ContactsContent'; contacts: { name: string; phoneNumber: string }[] }
  | { __typename: 'UnknownContent'; raw: unknown }
);
