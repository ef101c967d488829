import { parse } from 'graphql';
import { useEffect, useState } from 'react';
import { operationOf } from '../../answer/selection';
import { useWorkbench } from '../../workbench';
import { useOpenPanel, useRunInTab, useSchema } from '../graphiql';
import { fieldsOf, textsOf, variablesOf } from './fields';
import { variablesText } from './library';
import { linkOf } from './links';

/** Opens the question that the page's address names, and runs it if no variable is missing. */
export function OpenLink() {
  const workbench = useWorkbench();
  const schema = useSchema();
  const openPanel = useOpenPanel();
  const runInTab = useRunInTab();
  const [fragment, setFragment] = useState(location.hash);
  const ready = schema !== null && runInTab !== null;

  useEffect(() => {
    const follow = () => setFragment(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);

  useEffect(() => {
    const link = linkOf(fragment);
    if (!link || !ready) return;
    const { library } = workbench;
    openPanel('Library');
    let ended = false;
    void (async () => {
      const questions = library.value.questions ?? (await library.load());
      if (ended || questions.length === 0) return;
      const question = questions.find(({ id, name }) => id === link.operation || name === link.operation);
      const operation = question && operationOf(parse(question.document));
      if (!operation) {
        library.change({ problem: `The library has no question ${link.operation}, which the link names.` });
        return;
      }
      const fields = fieldsOf(schema, operation, question.description);
      const texts = textsOf(fields, link.variables);
      library.change({ open: question.id, search: '' });
      library.fill(question.id, texts);
      const { variables, problems } = variablesOf(fields, texts);
      if (problems.size > 0) return;
      library.change({ ran: question.id });
      runInTab(question.document, variablesText(variables));
    })();
    return () => {
      ended = true;
    };
    // The link is followed once, when GraphiQL is ready for it.
  }, [fragment, ready]);
  return null;
}
