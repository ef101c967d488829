import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Session, SessionState } from './session';

/** Asks for a token. It is modal: the focus stays in it, and Escape closes it. */
export function TokenDialog({ session, state }: { session: Session; state: SessionState }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const { asking, reason } = state;

  useEffect(() => {
    if (asking) {
      setProblem(reason);
      setShown(false);
      dialog.current?.showModal();
      input.current?.focus();
    } else {
      dialog.current?.close();
    }
  }, [asking, reason]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const field = input.current;
    if (!field || busy) return;
    const token = field.value.trim().replace(/^Bearer\s+/i, '');
    const wrong = misspelt(token);
    if (!wrong) setBusy(true);
    const refused = wrong || (await session.signIn(token));
    setBusy(false);
    setProblem(refused);
    if (refused) {
      field.focus();
      field.select();
    } else {
      field.value = '';
    }
  }

  return (
    <dialog
      ref={dialog}
      className="graphiql-dialog token-dialog"
      aria-labelledby="token-title"
      aria-describedby="token-hint"
      onClose={() => session.cancel()}
    >
      <form onSubmit={submit}>
        <h2 id="token-title" className="graphiql-dialog-title">
          Sign in
        </h2>
        <p id="token-hint">
          This server needs a token. The page keeps it in memory alone: it is gone when the tab is closed or reloaded.
        </p>
        <label htmlFor="token">Token</label>
        <div className="token-field">
          <input
            ref={input}
            id="token"
            type={shown ? 'text' : 'password'}
            autoComplete="one-time-code" // of which browsers do not offer to store it
            autoCapitalize="off"
            spellCheck={false}
            aria-invalid={problem !== ''}
            aria-describedby="token-problem"
          />
          <button
            type="button"
            className="graphiql-button"
            aria-controls="token"
            aria-label={shown ? 'Hide token' : 'Show token'}
            onClick={() => setShown(!shown)}
          >
            {shown ? 'Hide' : 'Show'}
          </button>
        </div>
        <p id="token-problem" role="alert">
          {problem}
        </p>
        <div className="token-buttons">
          <button type="button" className="graphiql-button" onClick={() => session.cancel()}>
            Cancel
          </button>
          <button type="submit" className="graphiql-button token-submit" aria-disabled={busy}>
            Sign in
          </button>
        </div>
      </form>
    </dialog>
  );
}

/** Says why a text cannot be a token, which a header has to carry; '' if it can. */
function misspelt(token: string): string {
  if (!token) return 'Enter a token.';
  return /[^\x21-\x7e]/.test(token) ? 'A token has no spaces, and no other characters than those of ASCII.' : '';
}
