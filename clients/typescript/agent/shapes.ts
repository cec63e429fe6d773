// What a reasoner takes: types for the compiler, JSON Schema for Maverick, and a check, all from
// one description.

export type Schema = Record<string, unknown>;

/** What is wrong with a value, and where. */
export interface Wrong {
  place: string;
  message: string;
}

type Take<Value> = (value: unknown, place: string, wrong: Wrong[]) => Value;

/** What a value must be. `Optional` is whether a member may be absent and is then left out. */
export class Shape<Value, Optional extends boolean = false> {
  declare readonly optional: Optional;

  constructor(
    readonly schema: Schema,
    readonly take: Take<Value>,
    /** Whether an object may be without it. */
    readonly mayBeAbsent: boolean = false,
    /** What it is then, if not nothing. */
    readonly fallback?: Value,
  ) {}
}

type Any = Shape<any, boolean>;
export type Members = Record<string, Any>;
type Of<S> = S extends Shape<infer Value, boolean> ? Value : never;

/** The type of an object with these members. */
export type Taken<M extends Members> = {
  [K in keyof M as M[K]["optional"] extends true ? never : K]: Of<M[K]>;
} & { [K in keyof M as M[K]["optional"] extends true ? K : never]?: Of<M[K]> };

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function named(kind: string): string {
  if (kind === "null") return kind;
  return `${"aeiou".includes(kind.charAt(0)) ? "an" : "a"} ${kind}`;
}

function plain<Value>(...kinds: [string, ...string[]]): Shape<Value> {
  return new Shape({ type: kinds[0] }, (value, place, wrong) => {
    if (!kinds.includes(kindOf(value))) {
      wrong.push({ place, message: `must be ${named(kinds[0])}, not ${named(kindOf(value))}` });
    }
    return value as Value;
  });
}

export const string = (): Shape<string> => plain("string");
export const number = (): Shape<number> => plain("number", "integer");
export const integer = (): Shape<number> => plain("integer");
export const boolean = (): Shape<boolean> => plain("boolean");
export const nothing = (): Shape<null> => plain("null");
export const any = (): Shape<unknown> => new Shape({}, (value) => value);

/** One of these values. */
export function oneOf<const Values extends readonly (string | number | boolean | null)[]>(
  ...values: Values
): Shape<Values[number]> {
  return new Shape({ enum: [...values] }, (value, place, wrong) => {
    if (!values.includes(value as Values[number])) {
      const words = values.map((one) => JSON.stringify(one)).join(", ");
      const got = (JSON.stringify(value) ?? "nothing").slice(0, 80);
      wrong.push({ place, message: `must be one of ${words}, not ${got}` });
    }
    return value as Values[number];
  });
}

export function array<Item>(item: Shape<Item>): Shape<Item[]> {
  return new Shape({ type: "array", items: item.schema }, (value, place, wrong) => {
    if (Array.isArray(value)) return value.map((one, n) => item.take(one, `${place}[${n}]`, wrong));
    wrong.push({ place, message: `must be an array, not ${named(kindOf(value))}` });
    return [];
  });
}

/** Any keys, with values of one shape. */
export function record<Item>(item: Shape<Item>): Shape<Record<string, Item>> {
  const schema = { type: "object", additionalProperties: item.schema };
  return new Shape(schema, (value, place, wrong) => {
    if (!isObject(value)) {
      wrong.push({ place, message: `must be an object, not ${named(kindOf(value))}` });
      return {};
    }
    const pairs = Object.entries(value);
    return Object.fromEntries(pairs.map(([k, v]) => [k, item.take(v, at(place, k), wrong)]));
  });
}

/** One of several shapes. */
export function union<Shapes extends readonly Shape<any>[]>(
  ...shapes: Shapes
): Shape<Of<Shapes[number]>> {
  return new Shape({ anyOf: shapes.map((one) => one.schema) }, (value, place, wrong) => {
    let deepest: Wrong[] = [];
    for (const shape of shapes) {
      const found: Wrong[] = [];
      const taken = shape.take(value, place, found) as Of<Shapes[number]>;
      if (found.length === 0) return taken;
      // What fits at the top and fails deeper inside is what was meant.
      const inside = found.filter((one) => one.place.length > place.length);
      if (inside.length > 0) deepest = inside;
    }
    const words = shapes.map((one) => named(String(one.schema["type"] ?? "other value")));
    const message = `must be ${words.join(" or ")}, not ${named(kindOf(value))}`;
    wrong.push(...(deepest.length > 0 ? deepest : [{ place, message }]));
    return value as Of<Shapes[number]>;
  });
}

/** A member that may be absent, and is undefined then. */
export function optional<Value>(shape: Shape<Value>): Shape<Value, true> {
  return new Shape<Value, true>(shape.schema, shape.take, true);
}

/** A member that may be absent, and has this value then. */
export function withDefault<Value>(shape: Shape<Value>, fallback: Value): Shape<Value> {
  return new Shape({ ...shape.schema, default: fallback }, shape.take, true, fallback);
}

/** An object with these members and no others. */
export function object<M extends Members>(members: M): Shape<Taken<M>> {
  const known = Object.entries(members);
  const schema = {
    type: "object",
    properties: Object.fromEntries(known.map(([name, one]) => [name, one.schema])),
    required: known.filter(([, one]) => !one.mayBeAbsent).map(([name]) => name),
    additionalProperties: false,
  };
  return new Shape(schema, (value, place, wrong) => {
    const taken: Record<string, unknown> = {};
    if (!isObject(value)) {
      wrong.push({ place, message: `must be an object, not ${named(kindOf(value))}` });
      return taken as Taken<M>;
    }
    for (const [name, member] of known) {
      if (Object.hasOwn(value, name)) {
        taken[name] = member.take(value[name], at(place, name), wrong);
      } else if (!member.mayBeAbsent) {
        wrong.push({ place: "", message: `Missing required field: ${at(place, name)}` });
      } else if (member.fallback !== undefined) {
        taken[name] = member.fallback;
      }
    }
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(members, name)) {
        wrong.push({ place: "", message: `Unknown field: ${at(place, name)}` });
      }
    }
    return taken as Taken<M>;
  });
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function at(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}

/** All that is wrong, in one line. */
export function inWords(wrong: readonly Wrong[]): string {
  const words = wrong.map(({ place, message }) => (place === "" ? message : `${place}: ${message}`));
  return words.join("; ");
}
