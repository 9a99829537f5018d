import type { Tongue } from '../../core/catalog/model.ts';
import type { UpstreamSettings } from '../upstream.ts';

/** Amazon's signed requests; undefined where a bearer token is sent instead. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** One provider that speaks another language than OpenAI's. `baseUrl` is never empty. */
export interface TongueSettings extends UpstreamSettings {
  readonly kind: Tongue;
  /** Of Bedrock; `''` elsewhere. */
  readonly region: string;
  readonly awsKeys: AwsKeys | undefined;
}
