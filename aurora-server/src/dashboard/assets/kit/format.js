// Numbers, money, times and documents as the reader writes them.
import { locale } from "./words.js";

const NONE = "–";
const cache = new Map();

function formatter(kind, options) {
  const key = `${locale()}|${kind.name}|${JSON.stringify(options)}`;
  if (!cache.has(key)) cache.set(key, new kind(locale(), options));
  return cache.get(key);
}

/** 1234.5 → "1,234.5" with exactly `digits` decimals. */
export const number = (value, digits = 0) =>
  value == null ? NONE : formatter(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

/** 12900 → "12.9K". */
export const compact = (value) =>
  value == null ? NONE : formatter(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: 1 }).format(value);

/** 99.25 (of a hundred) → "99.3%". */
export const percent = (value, digits = 1) => {
  if (value == null) return NONE;
  const whole = Number.isInteger(value) ? 0 : digits;
  return formatter(Intl.NumberFormat, { style: "percent", minimumFractionDigits: whole, maximumFractionDigits: whole }).format(value / 100);
};

/** A decimal text or number of dollars; small amounts keep their figures, or have exactly `digits`. */
export const usd = (value, digits) => {
  if (value == null) return NONE;
  const size = Math.abs(Number(value));
  const [least, most] = digits != null ? [digits, digits] : size === 0 || size >= 1 ? [2, 2] : size >= 0.01 ? [2, 4] : [6, 6];
  return formatter(Intl.NumberFormat, { style: "currency", currency: "USD", minimumFractionDigits: least, maximumFractionDigits: most }).format(String(value));
};

/** Money of the CRM: a whole number of minor units (cents, as text or number) in a currency. */
export const money = (minor, currency = "BRL") => {
  if (minor == null) return NONE;
  const [, sign, digits] = /^(-?)(\d+)$/.exec(String(minor));
  const text = digits.padStart(3, "0");
  return formatter(Intl.NumberFormat, { style: "currency", currency }).format(`${sign}${text.slice(0, -2)}.${text.slice(-2)}`);
};

/** 412 → "412 ms"; 12300 → "12.3 s". */
export const millis = (value) => {
  if (value == null) return NONE;
  return value >= 10_000 ? unit(value / 1000, "second", 1) : unit(Math.round(value), "millisecond", 0);
};

/** 3725 seconds → "1 hr, 2 min". */
export const duration = (seconds) => {
  if (seconds == null) return NONE;
  const s = Math.max(0, Math.floor(seconds));
  const parts = [[Math.floor(s / 86400), "day"], [Math.floor(s / 3600) % 24, "hour"], [Math.floor(s / 60) % 60, "minute"], [s % 60, "second"]];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return unit(0, "second", 0);
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, name]) => unit(value, name, 0)).join(" ");
};

/** "30/11/2026". */
export const date = (time) => (time == null ? NONE : formatter(Intl.DateTimeFormat, { dateStyle: "short" }).format(new Date(time)));
/** "20:51:35". */
export const clock = (time) => (time == null ? NONE : formatter(Intl.DateTimeFormat, { timeStyle: "medium" }).format(new Date(time)));
/** Date and time, in the time zone of the browser. */
export const dateTime = (time) =>
  time == null ? NONE : formatter(Intl.DateTimeFormat, { dateStyle: "short", timeStyle: "short" }).format(new Date(time));
/** "3 minutes ago", "in 2 hours". */
export const relative = (time) => {
  if (time == null) return NONE;
  const seconds = (new Date(time) - Date.now()) / 1000;
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const [name, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? steps.at(-1);
  return formatter(Intl.RelativeTimeFormat, { numeric: "auto" }).format(Math.trunc(seconds / size), name);
};

/** "12ABC34501DE35" → "12.ABC.345/01DE-35". */
export const cnpj = (text) => String(text ?? NONE).replace(/^(\w{2})(\w{3})(\w{3})(\w{4})(\d{2})$/, "$1.$2.$3/$4-$5");
/** "12345678909" → "123.456.789-09". */
export const cpf = (text) => String(text ?? NONE).replace(/^(\d{3})(\d{3})(\d{3})(\d{2})$/, "$1.$2.$3-$4");
/** "+5511987654321" → "+55 11 98765-4321"; other countries stay as they are. */
export const phone = (text) => String(text ?? NONE).replace(/^\+55(\d{2})(\d{4,5})(\d{4})$/, "+55 $1 $2-$3");

const unit = (value, name, digits) =>
  formatter(Intl.NumberFormat, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits }).format(value);
