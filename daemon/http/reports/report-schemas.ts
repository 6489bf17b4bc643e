import { type Static, Type } from 'typebox';
import { NextSchema, Nullable, pageQuery, UuidSchema } from '../schemas.ts';

const Count = Type.Integer({ minimum: 0 });
const Micros = Nullable(Type.String({ examples: ['1500000'] }));
const Ratio = Nullable(Type.Number());

/** What the rows of a report are. */
export const reportKeys = ['hour', 'day', 'campaign', 'publisher', 'buyer', 'number'] as const;
export type ReportKey = (typeof reportKeys)[number];

const Bound = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:00(\\.0{1,6})?)?(Z|[+-]\\d{2}:\\d{2}))?$',
  examples: ['2026-07-17', '2026-07-17T10:15:00Z'],
});

export const ReportQuerySchema = Type.Object(
  {
    by: Type.Enum([...reportKeys]),
    from: Type.Unsafe<string>({
      ...Bound,
      description: 'Calls that began at or after: a day of `zone`, or an instant on a quarter of an hour',
    }),
    to: Type.Unsafe<string>({
      ...Bound,
      description: 'Calls that began before; at most 400 days after `from`',
    }),
    zone: Type.Optional(
      Type.String({
        maxLength: 64,
        pattern: '^[A-Za-z][A-Za-z0-9_+/-]*$',
        default: 'UTC',
        description: 'Whose days and hours (IANA name)',
      }),
    ),
    campaign: Type.Optional(UuidSchema),
    publisher: Type.Optional(UuidSchema),
    buyer: Type.Optional(UuidSchema),
    did: Type.Optional(Type.String({ maxLength: 64, pattern: '^[^\\0]*$', description: 'The whole number' })),
    ...pageQuery,
  },
  { additionalProperties: false },
);
export type ReportQuery = Static<typeof ReportQuerySchema>;

/** Money in one currency. Null is what whoever asks does not see. */
export const ReportMoneySchema = Type.Object({
  currency: Type.String(),
  revenueMicros: Micros,
  payoutMicros: Micros,
  /** What carriers got; for a buyer, what it is charged. */
  costMicros: Micros,
  profitMicros: Micros,
});
export type ReportMoney = Static<typeof ReportMoneySchema>;

const figures = {
  incoming: Count,
  /** By us: a menu, a queue or a buyer. */
  answered: Count,
  /** A buyer and the caller talked. */
  connected: Count,
  noConnect: Count,
  converted: Count,
  duplicates: Count,
  /** From connection to end, of connected calls. */
  averageSeconds: Ratio,
  /** Answer-seizure ratio: answered of incoming, 0 to 1. */
  asr: Ratio,
  /** Average call duration: seconds from answer to end, of answered calls. */
  acd: Ratio,
  money: Type.Array(ReportMoneySchema),
};
export const FiguresSchema = Type.Object(figures);
export type Figures = Static<typeof FiguresSchema>;

export const ReportSchema = Type.Object({
  by: Type.Enum([...reportKeys]),
  zone: Type.String(),
  rows: Type.Array(
    Type.Object({
      /** Start of the hour (UTC), day (in `zone`), id or number; null: calls that had none. */
      key: Nullable(Type.String()),
      /** Of a campaign, publisher or buyer that is still there. */
      name: Nullable(Type.String()),
      ...figures,
    }),
  ),
  /** Over all rows, not only those of this page. */
  total: FiguresSchema,
  next: NextSchema,
});
export type Report = Static<typeof ReportSchema>;
