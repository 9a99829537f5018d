import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { endingOfNetworkError } from '../../../src/providers/openai/network-error.ts';
import { SELF_SIGNED_CERTIFICATE, SELF_SIGNED_KEY } from '../../fixtures/self-signed-certificate.ts';

const withCode = (code: string) => Object.assign(new Error('10.0.0.7 says no'), { code });

test.each([
  ['ECONNREFUSED', 'connect'],
  ['ENOTFOUND', 'connect'],
  ['EAI_AGAIN', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['ETIMEDOUT', 'connect'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['EPROTO', 'tls'],
  ['ECONNRESET', 'before_headers'],
  ['EPIPE', 'before_headers'],
  ['UND_ERR_SOCKET', 'before_headers'],
  ['HPE_INVALID_CONSTANT', 'before_headers'],
  ['UND_ERR_HEADERS_OVERFLOW', 'before_headers'],
])('%s is %s', (code, ending) => {
  const error = endingOfNetworkError(withCode(code), 'groq', false);
  expect(error.ending).toBe(ending);
  expect(error.message).not.toContain('10.0.0.7');
  expect(endingOfNetworkError(withCode(code), 'groq', true).ending).toBe('bad_answer');
});

test('the code is found where it is: in a list of addresses tried, or in a cause', () => {
  const tried = new AggregateError([withCode('ECONNREFUSED'), withCode('ETIMEDOUT')]);
  expect(endingOfNetworkError(tried, 'groq', false).ending).toBe('connect');
  const wrapped = new Error('failed', { cause: withCode('CERT_HAS_EXPIRED') });
  expect(endingOfNetworkError(wrapped, 'groq', false).ending).toBe('tls');
  for (const nothing of [undefined, null, 'text', {}, new Error('no code')]) {
    expect(endingOfNetworkError(nothing, 'groq', false).ending).toBe('before_headers');
  }
});

test('a trusted certificate for another host', async () => {
  const server = createTlsServer({ cert: SELF_SIGNED_CERTIFICATE, key: SELF_SIGNED_KEY });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent({ connect: { ca: SELF_SIGNED_CERTIFICATE, servername: 'other.example' } });
  const { port } = server.address() as AddressInfo;
  const failure = await agent
    .request({ origin: `https://127.0.0.1:${port}`, path: '/', method: 'GET' })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(endingOfNetworkError(failure, 'groq', false).ending).toBe('tls');
  await agent.destroy();
  await new Promise((resolve) => server.close(resolve));
});
