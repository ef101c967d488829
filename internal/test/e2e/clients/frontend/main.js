// An app that is served by another server than sessiongraph, whose address is its parameter "server".
import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';

const url = new URL('query', new URLSearchParams(location.search).get('server'));

const PAGE = gql`
  query Page($after: String) {
    viewer { name }
    sessions(first: 2, after: $after) {
      edges { cursor node { id callId } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

const STORED = gql`
  subscription Stored {
    sessionStored { cursor session { id callId } }
  }
`;

/** The token is in the memory of the page alone, and goes with each request and into each connection. */
function connect(token) {
  const headers = { Authorization: `Bearer ${token}` };
  const socket = createClient({
    url: url.href.replace(/^http/, 'ws'),
    connectionParams: headers,
    retryAttempts: 1,
  });
  return new ApolloClient({
    cache: new InMemoryCache({
      typePolicies: { Query: { fields: { sessions: relayStylePagination(['filter', 'orderBy']) } } },
    }),
    link: ApolloLink.split(
      ({ operationType }) => operationType === 'subscription',
      new GraphQLWsLink(socket),
      new HttpLink({ uri: url.href, headers }),
    ),
  });
}

const show = (id, text) => (document.getElementById(id).textContent = text);
const list = (id, items) =>
  document.getElementById(id).replaceChildren(
    ...items.map((text) => Object.assign(document.createElement('li'), { textContent: text })),
  );

function signIn(token) {
  const client = connect(token);
  const page = client.watchQuery({ query: PAGE });
  page.subscribe(({ data, error }) => {
    show('problem', error?.message ?? '');
    if (!data) return;
    show('viewer', data.viewer.name);
    list('sessions', data.sessions.edges.map(({ node }) => node.callId));
    document.getElementById('more').hidden = !data.sessions.pageInfo.hasNextPage;
  });
  document.getElementById('more').onclick = () =>
    page.fetchMore({ variables: { after: page.getCurrentResult().data.sessions.pageInfo.endCursor } });

  const live = [];
  client.subscribe({ query: STORED }).subscribe({
    next({ data, error }) {
      if (error) show('live-problem', `The subscription has failed: ${error.message}`);
      if (!data) return;
      live.push(data.sessionStored.session.callId);
      list('live', live);
    },
  });
}

document.forms[0].onsubmit = (event) => {
  event.preventDefault();
  signIn(new FormData(event.target).get('token'));
  event.target.reset();
};
