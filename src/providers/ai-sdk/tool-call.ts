import type { SharedV3ProviderMetadata } from '@ai-sdk/provider';

/** A tool's call in an answer, its arguments as JSON text. */
export function toolCallOf(call: {
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: string;
  readonly providerMetadata?: SharedV3ProviderMetadata;
}): object {
  return {
    id: call.toolCallId,
    type: 'function',
    function: { name: call.toolName, arguments: call.input === '' ? '{}' : call.input },
    ...signatureOf(call.providerMetadata),
  };
}

/**
 * Gemini signs its calls and wants the signature back with the next turn. It stands where Google's own
 * OpenAI-compatible address puts it.
 */
export function signatureOf(metadata: SharedV3ProviderMetadata | undefined): object {
  const signature = metadata?.google?.thoughtSignature;
  return typeof signature === 'string' ? { extra_content: { google: { thought_signature: signature } } } : {};
}
