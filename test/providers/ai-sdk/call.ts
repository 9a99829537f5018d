import type { Tongue } from '../../../src/core/catalog/model.ts';
import { createSdkUpstream } from '../../../src/providers/ai-sdk/sdk-upstream.ts';
import type {
  Upstream,
  UpstreamCall,
  UpstreamHandle,
  UpstreamTimeouts,
} from '../../../src/providers/upstream.ts';
import { NATIVE_ENV, TONGUE_TO_MODEL } from '../../fixtures/tongues/native-toml.ts';

const TIMEOUTS = { connectMs: 2_000, headersMs: 5_000, firstTokenMs: 5_000, idleMs: 5_000, clientMs: 5_000 };

export function openNative(
  tongue: Tongue,
  baseUrl: string,
  details: {
    readonly timeouts?: Partial<UpstreamTimeouts>;
    readonly maxAnswerBytes?: number;
    readonly isBearer?: boolean;
  } = {},
): Upstream {
  const isSigned = tongue === 'bedrock' && details.isBearer !== true;
  return createSdkUpstream(
    {
      name: tongue,
      kind: tongue,
      baseUrl,
      apiKey: isSigned ? undefined : NATIVE_ENV.NATIVE_KEY,
      region: tongue === 'bedrock' ? 'us-east-1' : '',
      awsKeys: isSigned
        ? {
            accessKeyId: NATIVE_ENV.AWS_ID,
            secretAccessKey: NATIVE_ENV.AWS_SECRET,
            sessionToken: NATIVE_ENV.AWS_SESSION,
          }
        : undefined,
      headers: { 'x-team': 'seven' },
      maxConnections: 4,
      timeouts: { ...TIMEOUTS, ...details.timeouts },
    },
    {
      limits: { maxAnswerBytes: details.maxAnswerBytes ?? 1_000_000 },
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
    },
  );
}

export interface NativeCall extends UpstreamHandle {
  /** Chunks that went to the client. */
  chunks(): Chunk[];
}

export interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly object: string;
  readonly usage?: null;
  readonly choices: readonly [
    {
      readonly index: number;
      readonly delta: {
        readonly role?: string;
        readonly content?: string;
        readonly reasoning_content?: string;
        readonly reasoning_details?: readonly object[];
        readonly tool_calls?: readonly {
          readonly index: number;
          readonly id?: string;
          readonly extra_content?: object;
          readonly function: { readonly name?: string; readonly arguments: string };
        }[];
      };
      readonly finish_reason: string | null;
    },
  ];
}

export const WEATHER_TOOLS = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: {
    name,
    description: `What ${name} says`,
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}));

/** One chat call; the scene is the end of the model's name. */
export function callNative(
  upstream: Upstream,
  tongue: Tongue,
  scene: string,
  request: Readonly<Record<string, unknown>> = {},
  details: Partial<UpstreamCall> & { readonly model?: string } = {},
): NativeCall {
  const pieces: Buffer[] = [];
  const { model = TONGUE_TO_MODEL[tongue], isStream = false } = details;
  const upstreamModel = `${model}--${scene}`;
  const body = { model: upstreamModel, messages: [{ role: 'user', content: 'How is Paris?' }], ...request };
  const handle = upstream.call({
    endpoint: {
      id: `${tongue}/${upstreamModel}`,
      modelId: scene,
      provider: tongue,
      upstreamModel,
      tongue,
      price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2, cachedInputUsdPerMillion: 1 },
      isPriceKnown: true,
    },
    path: '/chat/completions',
    form: 'chat',
    body: Buffer.from(JSON.stringify(isStream ? { ...body, stream: true } : body)),
    isStream,
    choices: 1,
    totalMs: 10_000,
    keepsWholeText: false,
    clearsUsage: false,
    sink: { write: (events) => pieces.push(events) > 0, onceDrained: () => {} },
    ...details,
  });
  const chunks = () =>
    Buffer.concat(pieces)
      .toString()
      .split('\n\n')
      .filter((event) => event !== '')
      .map((event): Chunk => JSON.parse(event.replace(/^data: /, '')));
  return { ...handle, chunks };
}
