import type { ReactNode } from 'react';

// The panels' own icons, of 24 × 24 units, drawn with the colour of the text.

function icon(title: string, drawing: ReactNode) {
  const Icon = () => (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinejoin="round" aria-hidden>
      {drawing}
    </svg>
  );
  Icon.displayName = `${title}Icon`;
  return Icon;
}

export const LibraryIcon = icon(
  'Library',
  <>
    <rect x="3" y="4" width="5" height="16" rx="1" />
    <rect x="8" y="4" width="5" height="16" rx="1" />
    <path d="m14.6 5.2 3.9-1 3.9 15-3.9 1z" />
  </>,
);

export const TableIcon = icon(
  'Table',
  <>
    <rect x="3" y="4" width="18" height="16" rx="2" />
    <path d="M3 9.5h18M3 14.7h18M9.5 9.5V20" />
  </>,
);

export const ChartIcon = icon('Chart', <path d="M4 4v16h16M8 16v-5M12.5 16V7M17 16v-7" strokeLinecap="round" />);

export const ConversationIcon = icon(
  'Conversation',
  <>
    <path d="M3 5.5a1.5 1.5 0 0 1 1.5-1.5h10a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5H8l-4 3v-3a1 1 0 0 1-1-1z" />
    <path d="M18.5 9h1a1.5 1.5 0 0 1 1.5 1.5v6a1.5 1.5 0 0 1-1.5 1.5v2.5L16 18h-4.5a1.5 1.5 0 0 1-1.5-1.5" />
  </>,
);

export const ExportIcon = icon(
  'Export',
  <path d="M12 4v11m0 0-4.2-4.2M12 15l4.2-4.2M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3" strokeLinecap="round" />,
);
