import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/**
 * Keeps GraphiQL from loading the image whose address the pointer rests on in a result:
 * it would tell a foreign host which message is being read here.
 */
export function NoImagePreview() {
  const responseEditor = useGraphiQL((state) => state.responseEditor);
  useEffect(() => {
    responseEditor?.updateOptions({ hover: { enabled: false } });
  }, [responseEditor]);
  return null;
}
