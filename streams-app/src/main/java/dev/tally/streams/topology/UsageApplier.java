package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.BillingSlot;
import dev.tally.schemas.SplitDimension;
import dev.tally.schemas.UsagePart;
import dev.tally.schemas.UsageSplit;
import dev.tally.schemas.UsageSum;
import dev.tally.streams.metering.Amounts;
import dev.tally.streams.metering.BillingCalendar;
import dev.tally.streams.metering.EffectiveLimits;
import dev.tally.streams.metering.Period;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.state.AccountFigures;
import dev.tally.streams.topology.AccountTerms.Account;
import dev.tally.streams.topology.LimitWatch.Watched;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.kafka.common.utils.Bytes;
import org.jspecify.annotations.Nullable;

/** Applies usage to the windows of a subject, and of an org's members and spaces, and charges it to its payer. */
final class UsageApplier {

    private final UsageWindows windows;
    private final Splits splits;
    private final AccountTerms terms;
    private final Pools pools;
    private final Charges charges;
    private final Settlement settlement;
    private final AccountFigures figures;
    private final AccountClock clock;
    private List<String> latestMeters = List.of();

    UsageApplier(
            UsageWindows windows,
            Splits splits,
            AccountTerms terms,
            Pools pools,
            Charges charges,
            Settlement settlement,
            AccountFigures figures,
            AccountClock clock) {
        this.windows = windows;
        this.splits = splits;
        this.terms = terms;
        this.pools = pools;
        this.charges = charges;
        this.settlement = settlement;
        this.figures = figures;
        this.clock = clock;
    }

    /**
     * A part of a sum, with the windows it goes to.
     *
     * @param billing null where the subject does not pay, or has no plan
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
    private record Part(
            boolean pays,
            Instant day,
            @Nullable BillingSlot billing,
            List<Watched> windows,
            long[] amounts,
            long[] newest) {}

    /** What one member or space has used of what the org pays for in one billing period. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, and never changed
    private record Share(Scope scope, String id, Instant day, Instant period, long[] amounts) {}

    void apply(UsageSum sum) {
        Application application = new Application(sum);
        if (application.orderMatters() && sum.getSteps().hasRemaining()) {
            application.inOrder();
        } else {
            application.atOnce(sum.getLastEventId());
        }
        if (application.subject.kind() == Subject.Kind.ORG) {
            for (UsageSplit split : sum.getSplits()) {
                splits.add(
                        sum.getSubject(),
                        split.getDay(),
                        split.getBy(),
                        split.getKey(),
                        application.meters,
                        unboxed(split.getAmounts()));
            }
            application.noteNonMembers();
        }
    }

    /** The same list as long as the meters are the same, so that totals need not compare them. */
    private List<String> meters(List<String> of) {
        if (!of.equals(latestMeters)) {
            latestMeters = List.copyOf(of);
        }
        return latestMeters;
    }

    private static long[] unboxed(List<Long> numbers) {
        long[] unboxed = new long[numbers.size()];
        for (int i = 0; i < unboxed.length; i++) {
            unboxed[i] = numbers.get(i);
        }
        return unboxed;
    }

    /** One sum on its way into the windows. */
    private final class Application {
        private final UsageSum sum;
        private final Account account;
        private final Subject subject;
        private final List<String> meters;
        private final long[] noTimes;
        private final EffectiveLimits limits;
        private final List<Part> parts = new ArrayList<>();
        private final List<Share> shares = new ArrayList<>();

        Application(UsageSum sum) {
            this.sum = sum;
            account = terms.account(sum.getSubject());
            subject = account.subject();
            meters = meters(sum.getMeters());
            noTimes = new long[meters.size()];
            limits = account.limits(clock.logTime());
            for (UsagePart part : sum.getParts()) {
                parts.add(part(part));
            }
            for (UsageSplit split : sum.getSplits()) {
                Instant period = split.getPeriod();
                String key = split.getKey();
                Scope scope = scope(split.getBy());
                if (period != null && key != null && scope != null) {
                    shares.add(new Share(scope, key, split.getDay(), period, unboxed(split.getAmounts())));
                }
            }
        }

        private Part part(UsagePart part) {
            List<Watched> targets = new ArrayList<>(2);
            targets.add(UsageWindows.own(account, Window.DAY, BillingCalendar.day(part.getDay())));
            BillingSlot slot = part.getBilling();
            if (slot != null) {
                targets.add(UsageWindows.own(
                        account, Window.PERIOD, new Period(slot.getPeriodStart(), slot.getPeriodEnd())));
            }
            return new Part(
                    part.getPays(),
                    part.getDay(),
                    part.getPays() ? slot : null,
                    targets,
                    unboxed(part.getAmounts()),
                    unboxed(part.getNewest()));
        }

        private static @Nullable Scope scope(SplitDimension by) {
            return switch (by) {
                case MEMBER -> Scope.MEMBER;
                case SPACE -> Scope.SPACE;
                case MODEL, ACTION, TRIGGER, OTHER -> null;
            };
        }

        /** Whether the outcome depends on the order of the actions, so that adding up will not do. */
        boolean orderMatters() {
            return !sum.getAdmissions().isEmpty() || raisesAnything() || coverageGoesByAction();
        }

        private boolean raisesAnything() {
            if (limits.isEmpty()) {
                return false;
            }
            Map<Bytes, long[]> more = new HashMap<>();
            for (Part part : parts) {
                for (Watched target : part.windows()) {
                    if (part.pays() && raisesAnything(target, part.amounts(), more)) {
                        return true;
                    }
                }
            }
            for (Share share : shares) {
                for (Watched target : limited(share)) {
                    if (raisesAnything(target, share.amounts(), more)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean raisesAnything(Watched target, long[] amounts, Map<Bytes, long[]> more) {
            long[] sums = more.computeIfAbsent(target.key(), key -> new long[meters.size()]);
            for (int i = 0; i < sums.length; i++) {
                if (amounts[i] != 0) {
                    sums[i] = Amounts.plus(sums[i], amounts[i]);
                    if (windows.raisesAnything(target, meters.get(i), sums[i])) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean coverageGoesByAction() {
            List<Part> charged =
                    parts.stream().filter(part -> part.billing() != null).toList();
            return !charged.isEmpty() && (pools.goesByAction(account) || allocationEndsBetweenIntervals(charged));
        }

        /** Which interval is billed for what lies beyond the allocation depends on what came first. */
        private boolean allocationEndsBetweenIntervals(List<Part> charged) {
            if (charged.size() < 2) {
                return false;
            }
            for (int i = 0; i < meters.size(); i++) {
                long total = 0;
                for (Part part : charged) {
                    total = Amounts.plus(total, part.amounts()[i]);
                }
                for (Part part : charged) {
                    if (charges.allocationEnds(account, meters.get(i), total, Objects.requireNonNull(part.billing()))) {
                        return true;
                    }
                }
            }
            return false;
        }

        void inOrder() {
            boolean named = !sum.getNames().isEmpty();
            StepLog.Reader reader = new StepLog.Reader(sum, meters.size());
            while (reader.next()) {
                Part part = parts.get(reader.part());
                apply(part, reader.amounts(), reader.eventId(), reader.occurredAt());
                if (named && part.billing() != null) {
                    apply(share(Scope.MEMBER, reader.member(), part, reader.amounts()), reader.eventId());
                    apply(share(Scope.SPACE, reader.space(), part, reader.amounts()), reader.eventId());
                }
                String admission = reader.admissionId();
                if (admission != null && part.pays()) {
                    settlement.settle(subject, admission, byMeter(reader.amounts()), clock.logTime());
                }
            }
            if (!named) {
                shares.forEach(share -> apply(share, sum.getLastEventId()));
            }
        }

        private @Nullable Share share(Scope scope, @Nullable String id, Part part, long[] amounts) {
            BillingSlot slot = part.billing();
            return id == null || slot == null ? null : new Share(scope, id, part.day(), slot.getPeriodStart(), amounts);
        }

        private Map<String, Long> byMeter(long[] amounts) {
            Map<String, Long> byMeter = new TreeMap<>();
            for (int i = 0; i < amounts.length; i++) {
                if (amounts[i] > 0) {
                    byMeter.put(meters.get(i), amounts[i]);
                }
            }
            return byMeter;
        }

        void atOnce(String cause) {
            for (Part part : parts) {
                apply(part, part.amounts(), cause, part.day());
            }
            shares.forEach(share -> apply(share, cause));
        }

        private void apply(Part part, long[] amounts, String cause, Instant at) {
            for (Watched target : part.windows()) {
                windows.add(target, meters, amounts, part.pays(), part.newest());
            }
            BillingSlot slot = part.billing();
            if (slot != null) {
                for (int i = 0; i < amounts.length; i++) {
                    if (amounts[i] > 0) {
                        charges.charge(account, meters.get(i), amounts[i], slot, at);
                    }
                }
            }
            if (part.pays() && !limits.isEmpty()) {
                part.windows().forEach(target -> windows.raise(target, meters, amounts, cause));
            }
        }

        private void apply(@Nullable Share share, String cause) {
            if (share == null) {
                return;
            }
            // What a period has is kept of every member and space, so that a cap that is set later knows it.
            Watched period = target(share, Window.PERIOD);
            windows.add(period, meters, share.amounts(), true, noTimes);
            for (Watched limited : limited(share)) {
                if (limited.window() == Window.DAY) {
                    windows.add(limited, meters, share.amounts(), true, noTimes);
                }
                windows.raise(limited, meters, share.amounts(), cause);
            }
        }

        /** Whoever acts for an org that pays is counted, member or not; that it was none is worth knowing. */
        void noteNonMembers() {
            for (int i = 0; i < meters.size(); i++) {
                if (terms.countsEachAction(meters.get(i))) {
                    for (Share share : shares) {
                        if (share.scope() == Scope.MEMBER && !account.isMember(share.id())) {
                            figures.countNonMemberActions(share.amounts()[i]);
                        }
                    }
                    return;
                }
            }
        }

        /** The windows of a member or space that limits are judged by. */
        private List<Watched> limited(Share share) {
            if (!limits.limits(share.scope())) {
                return List.of();
            }
            List<Watched> limited = new ArrayList<>(2);
            if (limits.limitsDays(share.scope())) {
                limited.add(target(share, Window.DAY));
            }
            limited.add(target(share, Window.PERIOD));
            return limited;
        }

        private Watched target(Share share, Window window) {
            Period time = window == Window.DAY ? BillingCalendar.day(share.day()) : period(share.period());
            return UsageWindows.share(account, share.scope(), share.id(), window, time);
        }

        private Period period(Instant start) {
            for (Part part : parts) {
                BillingSlot slot = part.billing();
                if (slot != null && slot.getPeriodStart().equals(start)) {
                    return new Period(start, slot.getPeriodEnd());
                }
            }
            throw new IllegalStateException("a split of " + account.text() + " lies in no part of its sum");
        }
    }
}
