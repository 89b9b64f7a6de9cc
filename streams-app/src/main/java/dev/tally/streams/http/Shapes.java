package dev.tally.streams.http;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.BillableFact;
import dev.tally.schemas.LedgerEntry;
import dev.tally.schemas.QuotaAlert;
import dev.tally.streams.alerts.AlertPage;
import dev.tally.streams.facts.FactPage;
import dev.tally.streams.metering.money.Cost;
import dev.tally.streams.query.BillingPeriod;
import dev.tally.streams.query.Breakdown;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.DayUsage;
import dev.tally.streams.query.Dimension;
import dev.tally.streams.query.LimitRow;
import dev.tally.streams.query.PartitionWatermark;
import dev.tally.streams.query.SubscriptionInForce;
import dev.tally.streams.query.Usage;
import dev.tally.streams.requests.CatalogueWrites.Written;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** The JSON of answers. Names and order of fields are public contract. */
final class Shapes {

    private static final String PUBLISHED = "published; it will be in force soon, this instance cannot tell when";

    private Shapes() {}

    /** A dimension as requests and answers name it. */
    static String name(Dimension dimension) {
        return dimension.name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String text(@Nullable Object value) {
        return value == null ? null : value.toString();
    }

    record Window(String start, String end) {
        static Window of(Instant start, Instant end) {
            return new Window(start.toString(), end.toString());
        }
    }

    record UsageShape(
            String subject,
            String meter,
            Window window,
            long used,
            long limitUsed,
            @Nullable Long limit,
            @Nullable Long remaining,
            String state,
            @Nullable String resetsAt,
            @Nullable String asOf,
            boolean stale) {
        static UsageShape of(Usage usage, boolean stale) {
            return new UsageShape(
                    usage.subject().text(),
                    usage.meter(),
                    Window.of(usage.windowStart(), usage.windowEnd()),
                    usage.used(),
                    usage.limitUsed(),
                    usage.limit(),
                    usage.limit() == null ? null : Math.max(0, usage.limit() - usage.limitUsed()),
                    usage.state().name(),
                    text(usage.resetsAt()),
                    text(usage.asOf()),
                    stale);
        }
    }

    record Day(String day, long used) {
        static Day of(DayUsage usage) {
            return new Day(usage.day().toString(), usage.used());
        }
    }

    record History(String subject, String meter, List<Day> days, boolean stale) {
        static History of(Subject subject, String meter, List<DayUsage> rows, boolean stale) {
            return new History(subject.text(), meter, rows.stream().map(Day::of).toList(), stale);
        }
    }

    record Split(List<Breakdown.Row> rows, long total, boolean stale) {
        static Split of(Breakdown breakdown, boolean stale) {
            return new Split(breakdown.rows(), breakdown.total(), stale);
        }
    }

    record Splits(Map<String, Split> breakdowns) {
        static Splits of(Map<Dimension, Breakdown> splits, boolean stale) {
            Map<String, Split> byName = new LinkedHashMap<>();
            splits.forEach((dimension, split) -> byName.put(name(dimension), Split.of(split, stale)));
            return new Splits(byName);
        }
    }

    record LimitShape(
            String scope,
            String scopeId,
            String meter,
            String window,
            long limitUsed,
            long held,
            long limit,
            String beyond,
            String state,
            @Nullable String resetsAt) {
        static LimitShape of(LimitRow row) {
            return new LimitShape(
                    row.scope().name(),
                    row.scopeId(),
                    row.meter(),
                    row.window().name(),
                    row.limitUsed(),
                    row.held(),
                    row.limit(),
                    row.beyond().name(),
                    row.state().name(),
                    text(row.resetsAt()));
        }
    }

    record Limits(String subject, List<LimitShape> rows, boolean stale) {
        static Limits of(Subject subject, List<LimitRow> rows, boolean stale) {
            return new Limits(subject.text(), rows.stream().map(LimitShape::of).toList(), stale);
        }
    }

    record Billing(
            String subject,
            Window period,
            String plan,
            long seats,
            @Nullable String stripeCustomerId,
            List<BillingPeriod.MeterCharges> meters,
            @Nullable CostShape cost,
            boolean stale) {
        static Billing of(BillingPeriod billing, boolean stale) {
            return new Billing(
                    billing.subject().text(),
                    Window.of(billing.start(), billing.end()),
                    billing.plan(),
                    billing.seats(),
                    billing.stripeCustomerId(),
                    billing.meters(),
                    billing.cost() == null ? null : CostShape.of(billing.cost()),
                    stale);
        }
    }

    record Projected(String low, String likely, String high) {}

    record CostShape(String currency, String base, String seats, String overage, String toDate, Projected projected) {
        static CostShape of(Cost cost) {
            return new CostShape(
                    cost.currency(),
                    cost.base().toPlainString(),
                    cost.seats().toPlainString(),
                    cost.overage().toPlainString(),
                    cost.toDate().toPlainString(),
                    new Projected(
                            cost.projected().low().toPlainString(),
                            cost.projected().likely().toPlainString(),
                            cost.projected().high().toPlainString()));
        }
    }

    record StripeShape(
            String status, @Nullable String at, @Nullable String detail) {

        private static final String NOT_TAKEN_UP = "PENDING";

        static StripeShape of(@Nullable LedgerEntry entry) {
            return entry == null
                    ? new StripeShape(NOT_TAKEN_UP, null, null)
                    : new StripeShape(entry.getState().name(), entry.getAt().toString(), entry.getReason());
        }
    }

    record FactShape(
            String identifier,
            String meter,
            String kind,
            String intervalStart,
            String intervalEnd,
            long amount,
            long sequence,
            int revision,
            String timestamp,
            String periodStart,
            @Nullable String originPeriodStart,
            String plan,
            StripeShape stripe) {
        static FactShape of(FactPage.Delivered of) {
            BillableFact fact = of.fact();
            return new FactShape(
                    fact.getIdentifier(),
                    fact.getMeter(),
                    fact.getKind().name(),
                    fact.getIntervalStart().toString(),
                    fact.getIntervalEnd().toString(),
                    fact.getAmount(),
                    fact.getSequence(),
                    fact.getRevision(),
                    fact.getTimestamp().toString(),
                    fact.getPeriodStart().toString(),
                    text(fact.getOriginPeriodStart()),
                    fact.getCatalogVersion(),
                    StripeShape.of(of.entry()));
        }
    }

    record FactList(
            String subject,
            Window period,
            List<FactShape> facts,
            @Nullable String next) {
        static FactList of(FactPage page) {
            return new FactList(
                    page.payer().text(),
                    Window.of(page.period().start(), page.period().end()),
                    page.facts().stream().map(FactShape::of).toList(),
                    text(page.next()));
        }
    }

    record AlertShape(
            String alertId,
            String kind,
            String severity,
            String subject,
            String scope,
            String scopeId,
            String meter,
            String windowStart,
            String windowEnd,
            @Nullable Integer threshold,
            int epoch,
            @Nullable Long limit,
            long used,
            @Nullable String resetsAt,
            @Nullable String planId,
            String cause,
            boolean late,
            String at) {
        static AlertShape of(QuotaAlert alert) {
            return new AlertShape(
                    alert.getAlertId(),
                    alert.getKind().name(),
                    alert.getSeverity().name(),
                    alert.getSubject(),
                    alert.getScope().name(),
                    alert.getScopeId(),
                    alert.getMeter(),
                    alert.getWindowStart().toString(),
                    alert.getWindowEnd().toString(),
                    alert.getThreshold(),
                    alert.getEpoch(),
                    alert.getLimit(),
                    alert.getUsed(),
                    text(alert.getResetsAt()),
                    alert.getPlanId(),
                    alert.getCause(),
                    alert.getLate(),
                    alert.getAt().toString());
        }
    }

    record AlertList(String subject, String since, List<AlertShape> alerts, boolean more) {
        static AlertList of(AlertPage page) {
            return new AlertList(
                    page.subject().text(),
                    page.since().toString(),
                    page.alerts().stream().map(AlertShape::of).toList(),
                    page.more());
        }
    }

    record Phase(String planId, int version, String effectiveFrom) {}

    record Subscription(String subject, @Nullable String stripeCustomerId, String anchor, List<Phase> phases) {
        static Subscription of(SubscriptionInForce in) {
            return new Subscription(
                    in.subject().text(),
                    in.stripeCustomerId(),
                    in.anchor().toString(),
                    in.phases().stream()
                            .map(p -> new Phase(
                                    p.planId(), p.version(), p.effectiveFrom().toString()))
                            .toList());
        }
    }

    record Watermark(
            int partition,
            @Nullable String watermark,
            @Nullable String keptFrom) {
        static Watermark of(PartitionWatermark of) {
            return new Watermark(of.partition(), text(of.watermark()), text(of.keptFrom()));
        }
    }

    record Watermarks(List<Watermark> partitions, String latenessHorizon) {
        static Watermarks of(List<PartitionWatermark> partitions, String latenessHorizon) {
            return new Watermarks(partitions.stream().map(Watermark::of).toList(), latenessHorizon);
        }
    }

    record Kept(
            int partition,
            long read,
            long counted,
            long readOnly,
            long duplicate,
            long late,
            long deadLettered,
            Map<String, Long> deadLetters) {
        static Kept of(Conservation of) {
            return new Kept(
                    of.partition(),
                    of.read(),
                    of.counted(),
                    of.readOnly(),
                    of.duplicate(),
                    of.late(),
                    of.deadLettered(),
                    of.deadLetters());
        }
    }

    record Conserved(List<Kept> partitions) {
        static Conserved of(List<Conservation> partitions) {
            return new Conserved(partitions.stream().map(Kept::of).toList());
        }
    }

    record Admission(
            String actionId,
            String decision,
            @Nullable String reason,
            @Nullable Long remaining,
            @Nullable String retryAt,
            @Nullable String holdUntil,
            String asOf,
            String payer,
            int revision,
            boolean stale) {
        static Admission of(AdmissionDecision of, boolean stale) {
            return new Admission(
                    of.getActionId(),
                    of.getDecision().name(),
                    of.getReason(),
                    of.getRemaining(),
                    text(of.getRetryAt()),
                    text(of.getHoldUntil()),
                    of.getAt().toString(),
                    of.getPayer(),
                    of.getRevision(),
                    stale);
        }
    }

    record Change(
            Map<String, @Nullable Object> record,
            boolean inForce,
            @Nullable String detail,
            List<String> warnings) {
        static Change of(SpecificRecord record, Written written, List<String> warnings) {
            return switch (written) {
                case IN_FORCE -> new Change(fields(record), true, null, warnings);
                case PUBLISHED -> new Change(fields(record), false, PUBLISHED, warnings);
            };
        }

        private static Map<String, @Nullable Object> fields(SpecificRecord record) {
            Map<String, @Nullable Object> fields = new LinkedHashMap<>();
            for (Schema.Field field : record.getSchema().getFields()) {
                fields.put(field.name(), plain(record.get(field.pos())));
            }
            return fields;
        }

        /** A value of a record as catalogue files write it. */
        private static @Nullable Object plain(@Nullable Object value) {
            return switch (value) {
                case null -> null;
                case SpecificRecord record -> fields(record);
                case List<?> list -> list.stream().map(Change::plain).toList();
                case Map<?, ?> map -> {
                    Map<String, @Nullable Object> sorted = new TreeMap<>();
                    map.forEach((key, of) -> sorted.put(String.valueOf(key), plain(of)));
                    yield sorted;
                }
                case Number number -> number;
                case Object other -> other.toString();
            };
        }
    }

    record HealthShape(String status, List<String> reasons) {
        static HealthShape of(String status, String... reasons) {
            return new HealthShape(status, List.of(reasons));
        }
    }
}
