import type { LanguageModelV3ToolChoice } from '@ai-sdk/provider';
import { recordOf, textOf } from './chat-request.ts';

/** Undefined where the choice is left to the provider's default. */
export function mapToolChoice(choice: unknown): LanguageModelV3ToolChoice | undefined {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice };
  const name = textOf(recordOf(recordOf(choice).function).name);
  return name === '' ? undefined : { type: 'tool', toolName: name };
}
