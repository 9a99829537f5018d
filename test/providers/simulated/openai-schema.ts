import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** OpenAI's published OpenAPI document, where this machine has it: it is not part of the project. */
const SPEC = new URL('../../../../shared/spec/openai-openapi.json.gz', import.meta.url);
export const hasOpenAiSchema = existsSync(SPEC);

let ajv: Ajv2020 | undefined;

/** What is wrong with `value` by OpenAI's schema of that name; empty when nothing is. */
export function faultsBySchema(name: string, value: unknown): string[] {
  if (ajv === undefined) {
    const spec = withoutNullable(JSON.parse(gunzipSync(readFileSync(SPEC)).toString()));
    ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(spec as object, 'openai');
  }
  const validate = ajv.getSchema(`openai#/components/schemas/${name}`);
  if (validate === undefined) throw new Error(`no schema ${name}`);
  return validate(value) === true
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

/**
 * What is wrong with a chunk of a stream of `POST /v1/completions`. The document has one schema for the answer and for its
 * chunks ("note: both the streamed and non-streamed response objects share the same shape") and says that `finish_reason` is
 * one of three words. OpenAI itself sends null there until the last chunk of a choice, and so do all who speak its API:
 * a known error of the document, the only one that is passed over. Chunks go through as they came, so that it stands in ours.
 */
export function faultsOfCompletionChunk(chunk: {
  readonly choices: readonly { readonly finish_reason?: unknown }[];
}): string[] {
  return faultsBySchema('CreateCompletionResponse', chunk).filter((fault) => {
    const place = /^\/choices\/(\d+)\/finish_reason /.exec(fault)?.[1];
    return place === undefined || chunk.choices[Number(place)]?.finish_reason !== null;
  });
}

/** OpenAPI 3.0's `nullable`, which 3.1 does not know, as a union with null. */
function withoutNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNullable);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]) => [key, withoutNullable(value)] as const);
  const { nullable, ...schema } = Object.fromEntries(entries) as Record<string, unknown>;
  return nullable === true
    ? { anyOf: [schema, { type: 'null' }] }
    : nullable === undefined
      ? schema
      : { ...schema, nullable };
}
