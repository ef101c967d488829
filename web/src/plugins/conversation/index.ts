import type { GraphiQLPlugin } from '../graphiql';
import { ConversationIcon } from '../icons';
import { guarded } from '../Panel';
import { ConversationPanel } from './ConversationPanel';

/** Shows the messages of a session as the chat that the customer saw. */
export const conversation: GraphiQLPlugin = {
  title: 'Conversation',
  icon: ConversationIcon,
  content: guarded('Conversation', ConversationPanel),
};
