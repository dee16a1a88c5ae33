import { useMemo } from 'preact/hooks';
import { absoluteHref, type Block, type BlockLabels, parseMarkdown, renderBlock } from '../../../answers/index.js';
import type { Citation } from '../../../sdk/index.js';
import { useWords } from './context.js';

interface ProseProps {
  text: string;
  citations?: readonly Citation[];
  onCite?(citation: Citation): void;
}

/** Markdown as elements. */
export function Prose({ text, ...cited }: ProseProps) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return <Blocks blocks={blocks} {...cited} />;
}

export function Blocks({
  blocks,
  citations = [],
  onCite = () => undefined,
}: Omit<ProseProps, 'text'> & { blocks: Block[] }) {
  const words = useWords();
  const labels: BlockLabels = words;
  return (
    <div class="prose">
      {blocks.map((block, index) => renderBlock(block, index, { citations, onCite, labels, hrefOf: absoluteHref }))}
    </div>
  );
}
