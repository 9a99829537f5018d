import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRealtime, responseDone, userSaysAloud } from '../clients/realtime-client.ts';
import { startGatewayProcess } from '../fixtures/gateway-process.ts';
import { startRealtimeUpstream } from '../fixtures/realtime-upstream.ts';
import { SELF_SIGNED_CERTIFICATE } from '../fixtures/self-signed-certificate.ts';
import { startTlsRelay } from '../fixtures/tls-relay.ts';

test('a session with a provider behind TLS whose certificate is trusted (NODE_EXTRA_CA_CERTS)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outrider-test-'));
  const upstream = await startRealtimeUpstream();
  const relay = await startTlsRelay(Number(new URL(upstream.baseUrl).port));
  const certificate = join(folder, 'trusted.pem');
  await writeFile(certificate, SELF_SIGNED_CERTIFICATE);
  const configPath = join(folder, 'outrider.toml');
  await writeFile(
    configPath,
    `[api]
address = "127.0.0.1:0"
unready_seconds = 0
[store]
url = "sqlite:${join(folder, 'outrider.db')}"
[providers.up]
base_url = "https://127.0.0.1:${relay.port}/v1"
[api.models.talker]
type = "realtime"
endpoints = [{ provider = "up", model = "talk", input_usd_per_million = 4, output_usd_per_million = 16 }]
`,
  );
  const gateway = await startGatewayProcess(configPath, { NODE_EXTRA_CA_CERTS: certificate });
  try {
    const client = await openRealtime(gateway.url);
    await client.eventOf('session.created');
    client.send(userSaysAloud('hello'));
    await expect.poll(() => upstream.heard.length).toBe(1);
    upstream.sessions[0]?.send(responseDone({ total_tokens: 3, input_tokens: 2, output_tokens: 1 }));
    await client.eventOf('response.done');
    client.socket.close(1000);
    expect((await client.closed).code).toBe(1000);
  } finally {
    gateway.kill('SIGTERM');
    await gateway.exited;
    await relay.close();
    await upstream.close();
    await rm(folder, { recursive: true });
  }
});
