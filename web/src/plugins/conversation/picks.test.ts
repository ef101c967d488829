import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventText, picksOf } from './picks';
import type { Content, Message } from './query';

function message(id: string, senderType: string, content: Content, repliesTo?: string): Message {
  const replyTo = repliesTo === undefined ? null : {
    msgId: 'm',
    senderType: 'ROBOT',
    content: { __typename: 'TextContent', type: 'text', text: '' },
    message: repliesTo ? { id: repliesTo } : null,
  };
  return { id, msgId: id, senderType, senderTypeRaw: '', sentAt: null, status: 'READ', statusRaw: '', contentType: '', text: '', content, replyTo };
}

const buttons = (...titles: string[]): Content => ({
  __typename: 'InteractiveButtonsContent', type: 'interactive', text: '', header: null, body: '', footer: '',
  buttons: titles.map((title) => ({ type: 'reply', title })),
});
const answer = (title: string, index?: number): Content => ({
  __typename: 'InteractiveAnswerContent', type: 'interactive', text: title,
  chosen: index === undefined ? null : { type: 'reply', title, index, section: null, match: 'EXACT' },
});

test('a pick belongs to the message that it replies to', () => {
  const picks = picksOf([
    message('1', 'ROBOT', buttons('yes', 'no')),
    message('2', 'ROBOT', buttons('yes', 'no')),
    message('3', 'USER', answer('no', 1), '1'),
  ]);
  assert.deepEqual([...picks], [['1', new Map([[1, 'Customer']])]]);
});

test('without that message it belongs to the latest one before it with the title', () => {
  const picks = picksOf([
    message('1', 'ROBOT', buttons('yes')),
    message('2', 'ROBOT', buttons('no', 'yes')),
    message('3', 'ROBOT', buttons('maybe')),
    message('4', 'USER', answer('yes'), ''),
    message('5', 'ROBOT', buttons('yes')),
  ]);
  assert.deepEqual([...picks], [['2', new Map([[1, 'Customer']])]]);
});

test('system events in plain words', () => {
  assert.equal(eventText('conversation.take_over', '', '7'), 'Handed over to seat 7');
  assert.equal(eventText('conversation.take_over', '3', '7'), 'Handed over to seat 7 by seat 3');
  assert.equal(eventText('conversation.other', '', ''), 'conversation.other');
});
