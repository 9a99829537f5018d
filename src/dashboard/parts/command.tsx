import { useState } from 'preact/hooks';

/** Something to be typed into a terminal, and a button that takes it along. */
export function Command(props: { text: string; field?: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    // Without TLS a browser has no clipboard for pages, except on this machine itself.
    await navigator.clipboard.writeText(props.text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div class="command">
      <pre data-field={props.field}>{props.text}</pre>
      {navigator.clipboard ? (
        <button type="button" class="button small" onClick={copy}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      ) : null}
    </div>
  );
}
