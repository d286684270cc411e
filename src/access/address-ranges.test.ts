import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { BlockList, isIP } from "node:net";
import { addressPlace, compileRanges } from "./address-ranges.ts";
import { addressAllowed, regionAllowed } from "./allowed-place.ts";
import { OPEN_POLICY } from "./virtual-key-policy.ts";

const masked = (text: string, bits: number) => {
  const whole = text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const low = bits === 0 ? 2 ** 32 : 2 ** (32 - bits);
  const base = whole - (whole % low);
  return [24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join(".");
};

test("an address is in a range exactly when the platform's own list says so", () => {
  const near = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => masked(v4(value), 32));
  fc.assert(
    fc.property(
      near,
      fc.integer({ min: 0, max: 32 }),
      fc.integer({ min: -300, max: 300 }),
      (at, bits, off) => {
        const base = masked(at, bits);
        const list = new BlockList();
        list.addSubnet(base, bits, "ipv4");
        const asked = v4(Math.min(2 ** 32 - 1, Math.max(0, number(base) + off)));
        const ranges = compileRanges([`${base}/${bits}`]);
        expect(ranges.has(asked)).toBe(list.check(asked, "ipv4"));
        expect(ranges.has(`::ffff:${asked}`)).toBe(list.check(asked, "ipv4"));
      },
    ),
  );
});

test("IPv6 addresses are compared by value, however they are written", () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const list = new BlockList();
      list.addAddress(one, "ipv6");
      const ranges = compileRanges([one]);
      expect(ranges.has(one)).toBe(true);
      expect(ranges.has(one.toUpperCase())).toBe(true);
      if (isIP(other) === 6 && !other.includes("."))
        expect(ranges.has(other)).toBe(list.check(other, "ipv6"));
    }),
  );
  const ranges = compileRanges(["2001:db8::/32", "fe80::/10"]);
  expect(ranges.has("2001:db8:ffff::1")).toBe(true);
  expect(ranges.has("2001:db9::1")).toBe(false);
  expect(ranges.has("fe80::1%eth0")).toBe(true);
});

test("all of IPv6 holds no IPv4 address, and the other way round", () => {
  expect(compileRanges(["::/0"]).has("::ffff:10.0.0.1")).toBe(false);
  expect(compileRanges(["::/0"]).has("2001:db8::1")).toBe(true);
  expect(compileRanges(["0.0.0.0/0"]).has("2001:db8::1")).toBe(false);
  expect(compileRanges(["0.0.0.0/0"]).has("255.255.255.255")).toBe(true);
  expect(compileRanges(["::ffff:10.0.0.0/104"]).has("10.200.0.1")).toBe(true);
});

test.each([
  "",
  "10.0.0.5/8",
  "10.0.0.0/33",
  "10.0.0.0/8/8",
  "10.0.0/8",
  "::/129",
  "fe80::1%eth0",
  "::ffff:0:0/90",
  "a.example",
])("%s is no range", (text) => {
  expect(() => compileRanges([text])).toThrow(expect.objectContaining({ code: "invalid_input" }));
});

test("what is no address is in no range", () => {
  const ranges = compileRanges(["0.0.0.0/0", "::/0"]);
  for (const text of ["", "unix", "10.0.0.1:80", "[::1]", "256.0.0.1"]) expect(ranges.has(text)).toBe(false);
});

test("a policy without addresses or regions allows all; one with some allows nothing that is not known", () => {
  expect(addressAllowed(OPEN_POLICY, undefined)).toBe(true);
  const here = { ...OPEN_POLICY, addresses: ["10.0.0.0/8"] };
  expect(addressAllowed(here, "10.1.2.3")).toBe(true);
  expect(addressAllowed(here, "11.1.2.3")).toBe(false);
  expect(addressAllowed(here, undefined)).toBe(false);
  expect(regionAllowed(OPEN_POLICY, undefined)).toBe(true);
  const inEurope = { ...OPEN_POLICY, regions: ["eu"] };
  expect(regionAllowed(inEurope, "EU")).toBe(true);
  expect(regionAllowed(inEurope, "us")).toBe(false);
  expect(regionAllowed(inEurope, undefined)).toBe(false);
});

function number(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function v4(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["nonsense", undefined],
] as const)("%s is at %s", (address, place) => {
  expect(addressPlace(address)).toBe(place);
});
