import { expect, test } from "vitest";
import { auditQuery, auditSearch, grainOf, statisticsSearch, timeQuery } from "./search";

test("an address keeps what it may say and nothing else", () => {
  expect(statisticsSearch({ last: "30d", x: 1 })).toEqual({ last: "30d" });
  expect(statisticsSearch({ last: "3y" })).toEqual({});
  expect(statisticsSearch({ since: "2026-02-31x", until: "2026-03-01" })).toEqual({ until: "2026-03-01" });
  expect(auditSearch({ actor: "  ", action: "job.cancelled", subject: 7, more: "x" })).toEqual({
    action: "job.cancelled",
    subject: "7",
  });
});

test("days go before a span, and begin and end where the viewer is", () => {
  const search = statisticsSearch({ last: "24h", since: "2026-03-01", until: "2026-03-01" });

  expect(timeQuery(search)).toEqual({
    since: new Date(2026, 2, 1).toISOString(),
    until: new Date(2026, 2, 1, 23, 59, 59, 999).toISOString(),
  });
  expect(grainOf(search)).toBe("hour");
  expect(timeQuery({})).toEqual({ last: "7d" });
  expect(grainOf({ last: "24h" })).toBe("hour");
  expect(grainOf({ last: "ever" })).toBe("day");
});

test("an audit filter asks for nothing that is not said", () => {
  expect(auditQuery({ actor: "ann", since: "2026-03-01" })).toEqual({
    actor: "ann",
    since: new Date(2026, 2, 1).toISOString(),
  });
});
