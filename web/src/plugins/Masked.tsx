import { piecesOf } from '../answer/values';

/** A text in which pseudonyms are visible as such. */
export function Masked({ text }: { text: string }) {
  return piecesOf(text).map(({ text, masked }, index) =>
    masked ? (
      <span key={index} className="pseudonym" title={`${text}: a masked value. Equal values have equal pseudonyms.`}>
        {text}
      </span>
    ) : (
      text
    ),
  );
}
