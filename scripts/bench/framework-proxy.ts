// What a gateway on this stack costs before it does anything of its own: fastify in front, undici's dispatcher behind, a promise
// for each call, both bodies read as JSON, sixteen headers, the two waits of a cohort. Nothing is checked, chosen, counted or
// remembered. Arguments: the port to listen on, the upstream's origin.
import Fastify from 'fastify';
import { Pool } from 'undici';
import { createCohort } from '../../src/gateway/request/cohort.ts';

const [port, origin = ''] = process.argv.slice(2);
const pool = new Pool(origin, { connections: 128, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
const cohort = createCohort();
const headers: Readonly<Record<string, string>> = Object.fromEntries(
  Array.from({ length: 16 }, (_, index) => [`x-router-${index}`, `value-${index}`]),
);

const app = Fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes, done) =>
  done(null, bytes),
);
app.post('/v1/chat/completions', async (request, reply) => {
  const body = request.body as Buffer;
  readJson(body);
  await cohort();
  const answer = await call(body);
  await cohort();
  readJson(answer);
  reply.headers(headers).type('application/json');
  return answer;
});
await app.listen({ port: Number(port), host: '127.0.0.1' });

function readJson(bytes: Buffer): void {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('no JSON object');
}

function call(body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    pool.dispatch(
      { path: '/v1/chat/completions', method: 'POST', headers: { 'content-type': 'application/json' }, body },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData(_controller, chunk) {
          pieces.push(chunk);
        },
        onResponseEnd() {
          resolve(Buffer.concat(pieces));
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
