package dev.tally.cli.oracle;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Trigger;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/**
 * The actions of one seed, made as time goes on, and what is to be billed for them. The latter is kept by the rules that payers are
 * promised, whatever the system does: an action counts once, for who pays for it, in the period that it took place in.
 */
final class Usage {
    static final String ACTIONS = "actions";
    static final String CREDITS = "credits";
    /** By the meters' names. */
    static final Map<String, String> EVENT_NAMES = Map.of(ACTIONS, "tally_actions", CREDITS, "tally_credits");

    /** How late an action may be in seeds that have hopelessly late ones. */
    static final Duration HORIZON = Duration.ofHours(72);

    private static final long INCLUDED = 300;
    private static final Instant FIRST = VirtualClock.START.minus(Duration.ofHours(2));
    private static final Duration LATEST = Duration.ofHours(30);
    /** Borders some hours or days after the start, one of them within a minute. */
    private static final List<Instant> ANCHORS = List.of(
            Instant.parse("2026-10-21T12:30:00Z"),
            Instant.parse("2026-08-21T15:00:00Z"),
            Instant.parse("2026-09-22T00:00:00Z"),
            Instant.parse("2026-01-22T10:15:30Z"),
            Instant.parse("2026-10-24T06:40:00Z"),
            Instant.parse("2026-01-31T10:15:30Z"),
            Instant.parse("2026-11-01T00:00:00Z"));

    /**
     * Who pays.
     *
     * @param included how many credits a period includes; each action is billed
     */
    record Payer(String subject, String customer, Instant anchor, long included, Load.Kind kind) {}

    /** Who acts, and who pays for it, if anybody. */
    private record Actor(String user, String org, Payer payer) {}

    /** What a payer owes for a meter in a period. */
    record Charge(String payer, String meter, Instant period) implements Comparable<Charge> {
        @Override
        public int compareTo(Charge other) {
            return toString().compareTo(other.toString());
        }
    }

    /**
     * A record to publish.
     *
     * @param partition null where its key decides
     * @param action null for bytes that are no action
     */
    record Publication(Integer partition, String key, ActionEvent action) {}

    /** What must become of the records. */
    record Outcomes(long counted, long readOnly, long duplicateOrLate, long deadLettered) {
        long all() {
            return counted + readOnly + duplicateOrLate + deadLettered;
        }
    }

    private final Random random;
    private final int partitions;
    private final boolean scattered;
    private final List<Payer> payers = new ArrayList<>();
    private final List<Actor> actors = new ArrayList<>();
    private final List<ActionEvent> accepted = new ArrayList<>();
    private final Map<String, Instant> latest = new HashMap<>();
    private final Map<Charge, Long> used = new TreeMap<>();
    private int ids;
    private int newcomers;
    private long counted;
    private long readOnly;
    private long duplicateOrLate;
    private long deadLettered;

    Usage(long seed, int partitions) {
        this.random = new Random(new Random(seed + 1_000_000).nextLong());
        this.partitions = partitions;
        this.scattered = random.nextBoolean();
        int users = 1 + random.nextInt(2);
        int orgs = 1 + random.nextInt(2);
        for (int i = 0; i < users; i++) {
            actors.add(new Actor("u" + i, null, payer("user:u" + i, "cus_" + i, Load.Kind.USUAL)));
        }
        for (int i = 0; i < orgs; i++) {
            Payer org = payer("org:o" + i, "cus_" + (users + i), Load.Kind.USUAL);
            // The first user has a plan and is a member too: what it does in the org the org pays for.
            actors.add(new Actor("u0", "o" + i, org));
            actors.add(new Actor("m" + i, "o" + i, org));
        }
        if (random.nextInt(4) == 0) {
            actors.add(new Actor("free", null, payer("user:free", null, Load.Kind.NO_CUSTOMER)));
        }
        if (random.nextInt(4) == 0) {
            actors.add(new Actor("gone", null, payer("user:gone", Load.NOBODY, Load.Kind.UNKNOWN_CUSTOMER)));
        }
        // An org without a plan: the user pays, who may have none either.
        actors.add(new Actor("u0", "planless", payers.getFirst()));
        actors.add(new Actor("nobody", null, null));
    }

    private Payer payer(String subject, String customer, Load.Kind kind) {
        Instant anchor = ANCHORS.get(random.nextInt(ANCHORS.size()));
        Payer payer = new Payer(subject, customer, anchor, subject.startsWith("org:") ? INCLUDED : 0, kind);
        payers.add(payer);
        return payer;
    }

    List<Payer> payers() {
        return payers;
    }

    /** Whether records come to any partition, as from producers that do not go by the user. */
    boolean isScattered() {
        return scattered;
    }

    List<Meter> meters() {
        return List.of(
                new Meter(ACTIONS, Aggregation.COUNT, List.of(), null, List.of(), EVENT_NAMES.get(ACTIONS)),
                new Meter(CREDITS, Aggregation.SUM, List.of("credits"), null, List.of(), EVENT_NAMES.get(CREDITS)));
    }

    /** Users' plan reports each unit, that of orgs what lies beyond the allocation of credits. */
    List<Plan> plans() {
        return List.of(
                new Plan("each", 1, PayerKind.USER, billing(Scope.USER), List.of(), null, Report.ALL),
                new Plan(
                        "beyond",
                        1,
                        PayerKind.ORG,
                        billing(Scope.ORG),
                        List.of(new Allocation(CREDITS, INCLUDED, 0L)),
                        null,
                        Report.OVERAGE));
    }

    private static List<Limit> billing(Scope scope) {
        return List.of(
                new Limit(scope, ACTIONS, LimitWindow.PERIOD, null, Beyond.BILL, List.of()),
                new Limit(scope, CREDITS, LimitWindow.PERIOD, null, Beyond.BILL, List.of()));
    }

    List<Subscription> subscriptions() {
        return payers.stream()
                .map(payer -> subscription(payer.subject(), payer.customer(), payer.anchor()))
                .toList();
    }

    /** Somebody who subscribes and never acts. */
    Subscription newcomer() {
        return subscription("user:newcomer" + ++newcomers, null, ANCHORS.getFirst());
    }

    private static Subscription subscription(String subject, String customer, Instant anchor) {
        return new Subscription(
                subject,
                customer,
                null,
                anchor,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase(subject.startsWith("org:") ? "beyond" : "each", 1, anchor)),
                List.of(),
                null,
                null,
                null,
                List.of(),
                List.of());
    }

    /** The next records, as they are published at {@code now}. */
    List<Publication> next(int count, Instant now) {
        List<Publication> next = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            next.add(
                    switch (random.nextInt(20)) {
                        case 0 -> bad(now);
                        case 1, 2, 3 -> again(now);
                        case 4 -> readOnly(now);
                        case 5 -> tooLate(now);
                        default -> usual(now);
                    });
        }
        return next;
    }

    /** One more action for each payer, with which it owes something of each meter whatever was before. */
    List<Publication> last(Instant now) {
        return payers.stream()
                .map(payer -> count(actors.stream()
                        .filter(actor -> payer.equals(actor.payer()))
                        .findFirst()
                        .map(actor -> action(actor, now, INCLUDED + 1))
                        .orElseThrow()))
                .toList();
    }

    private Publication usual(Instant now) {
        Instant at = switch (random.nextInt(6)) {
            case 0 -> now.minus(upTo(Duration.ofHours(3)));
            case 1 -> now.minus(upTo(LATEST));
            default -> now.minus(upTo(Duration.ofMinutes(8)));
        };
        return count(action(anyone(), at.isBefore(FIRST) ? FIRST : at, random.nextInt(40)));
    }

    private Publication count(ActionEvent action) {
        accepted.add(action);
        counted++;
        latest.merge(action.getUserId(), action.getOccurredAt(), (one, other) -> one.isAfter(other) ? one : other);
        Payer payer = actors.stream()
                .filter(actor ->
                        actor.user().equals(action.getUserId()) && Objects.equals(actor.org(), action.getOrgId()))
                .findFirst()
                .orElseThrow()
                .payer();
        if (payer != null) {
            Instant period = period(payer.anchor(), action.getOccurredAt());
            used.merge(new Charge(payer.subject(), ACTIONS, period), 1L, Math::addExact);
            used.merge(
                    new Charge(payer.subject(), CREDITS, period),
                    action.getUsage().get("credits"),
                    Math::addExact);
        }
        return somewhere(action);
    }

    /** A re-send. Where it is sure to come second, its content may differ: the first counts. */
    private Publication again(Instant now) {
        if (accepted.isEmpty()) {
            return usual(now);
        }
        duplicateOrLate++;
        ActionEvent action = accepted.get(random.nextInt(accepted.size()));
        boolean changed = !scattered && random.nextInt(3) == 0;
        return somewhere(
                changed
                        ? ActionEvent.newBuilder(action)
                                .setUsage(Map.of("credits", 999L))
                                .build()
                        : action);
    }

    private Publication readOnly(Instant now) {
        readOnly++;
        return somewhere(ActionEvent.newBuilder(action(anyone(), now, 5))
                .setReadOnly(true)
                .build());
    }

    /** Behind an action of the same user, in the same partition, by more than is waited for. */
    private Publication tooLate(Instant now) {
        Actor actor = anyone();
        Instant newest = latest.get(actor.user());
        if (scattered || newest == null) {
            return usual(now);
        }
        duplicateOrLate++;
        return somewhere(action(actor, newest.minus(HORIZON).minusSeconds(1), 7));
    }

    private Publication bad(Instant now) {
        deadLettered++;
        ActionEvent sound = action(anyone(), now, 3);
        return switch (random.nextInt(4)) {
            case 0 -> new Publication(null, sound.getUserId(), null);
            case 1 ->
                somewhere(ActionEvent.newBuilder(sound)
                        .setOccurredAt(now.plus(Duration.ofHours(1)))
                        .build());
            case 2 ->
                somewhere(ActionEvent.newBuilder(sound)
                        .setUsage(Map.of("credits", -5L))
                        .build());
            default -> somewhere(ActionEvent.newBuilder(sound).setUserId("").build());
        };
    }

    private Publication somewhere(ActionEvent action) {
        return scattered && random.nextInt(3) == 0
                ? new Publication(random.nextInt(partitions), null, action)
                : new Publication(null, action.getUserId(), action);
    }

    private Actor anyone() {
        return actors.get(random.nextInt(actors.size()));
    }

    private ActionEvent action(Actor actor, Instant at, long credits) {
        return new ActionEvent(
                "e" + ++ids,
                at,
                actor.user(),
                actor.org(),
                null,
                null,
                "x",
                Trigger.OTHER,
                false,
                Map.of("credits", credits),
                null,
                null);
    }

    private Duration upTo(Duration longest) {
        return Duration.ofMillis(random.nextLong(longest.toMillis()));
    }

    /** The beginning of the period that an instant lies in: whole months after the anchor. */
    static Instant period(Instant anchor, Instant at) {
        ZonedDateTime first = anchor.atZone(ZoneOffset.UTC);
        int months = 0;
        while (!first.plusMonths(months + 1).toInstant().isAfter(at)) {
            months++;
        }
        return first.plusMonths(months).toInstant();
    }

    /** What is owed: of each period what lies beyond what it includes. */
    Map<Charge, Long> owed() {
        Map<Charge, Long> owed = new TreeMap<>();
        for (Payer payer : payers) {
            used.forEach((charge, amount) -> {
                if (charge.payer().equals(payer.subject())) {
                    long included = charge.meter().equals(CREDITS) ? payer.included() : 0;
                    owed.put(charge, Math.max(0, amount - included));
                }
            });
        }
        return owed;
    }

    /** What must become of the records that were published so far. */
    Outcomes outcomes() {
        return new Outcomes(counted, readOnly, duplicateOrLate, deadLettered);
    }
}
