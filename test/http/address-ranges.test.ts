import { expect, test } from 'vitest';
import { matchAddresses } from '../../src/http/admission/address-ranges.ts';
import { newKeySchema } from '../../src/http/keys/key-schema.ts';

const isTaken = (range: string) => newKeySchema.safeParse({ name: 'a', allowed_addresses: [range] }).success;

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['10.0.0.0/8', '10.9.9.9'],
  ['0.0.0.0/0', '1.2.3.4'],
  ['::1', '::1'],
  ['2001:db8::/32', '2001:db8::5'],
  ['::/0', '::2'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
])('a key may name %s, which %s lies in', (range, address) => {
  expect(isTaken(range)).toBe(true);
  expect(matchAddresses([range])(address)).toBe(true);
});

test.each([
  '',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0/8',
  '::1/129',
  '1.2.3.4/8/9',
  'fe80::1%eth0',
  '10.0.0.0/-1',
  '10.0.0.0/1e1',
  ' ::1',
])('%j is no range, and opens nothing should one have been stored', (range) => {
  expect(isTaken(range)).toBe(false);
  expect(matchAddresses([range])('10.0.0.1')).toBe(false);
});

test.each([
  [['192.0.2.7'], '192.0.2.7', true],
  [['192.0.2.7'], '192.0.2.8', false],
  [['192.0.2.7'], '::ffff:192.0.2.7', true],
  [['192.0.2.7'], '::ffff:c000:207', true],
  [['192.0.2.7'], '::FFFF:192.0.2.8', false],
  [['10.1.2.3/8'], '10.255.0.1', true],
  [['10.0.0.0/8'], '11.0.0.1', false],
  [['0.0.0.0/0'], '203.0.113.1', true],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['2001:db8::/32'], '2001:db8:ffff::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['2001:DB8::0:1'], '2001:db8::1', true],
  [['fe80::/10'], 'fe80::1%eth0', true],
  [['::ffff:192.0.2.7'], '192.0.2.7', true],
  [['10.0.0.0/8', '::1'], '::1', true],
  [['192.0.2.7'], '192.0.2.7:4711', true],
  [['192.0.2.7'], '192.0.2.7:x', false],
  [['2001:db8::/32'], '[2001:db8::1]:4711', true],
  [['2001:db8::/32'], '[2001:db8::1]', true],
  [['2001:db8::/32'], '[2001:db8::1', false],
  [['10.0.0.0/8'], undefined, false],
  [['0.0.0.0/0', '::/0'], '', false],
])('%j and %s: %s', (ranges, address, isIn) => {
  expect(matchAddresses(ranges)(address)).toBe(isIn);
});
