package dev.tally.streams.entitlements;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import dev.tally.schemas.Trigger;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Steps that a seed gives: a small world whose limits are met again and again, over some weeks. */
public final class Sequence {

    private static final List<String> STARTS =
            List.of("2026-11-21T10:00:00Z", "2027-01-24T22:30:00Z", "2028-02-17T03:00:05Z");
    private static final String TEAM = "team";
    private static final String BIG = "big";
    private static final String FREE_ORG = "free";
    private static final List<String> USERS = List.of("ann", "bob", "cy", "dee");
    private static final List<String> TEAM_MEMBERS = List.of("ann", "m1", "m2", "m3", "m4", "m5");
    private static final List<String> SPACES = List.of("s1", "s2", "s3");

    private final long seed;
    private final Random random;
    private final Instant start;
    private final List<Step> steps = new ArrayList<>();
    private final Map<String, Subscription> subscriptions = new TreeMap<>();
    private final Map<String, MembershipStatus> team = new HashMap<>();
    private final List<AdmissionRequest> asked = new ArrayList<>();
    private final List<ActionEvent> acted = new ArrayList<>();
    private final NavigableSet<Instant> turns = new TreeSet<>();
    private Instant now;
    private int ids;

    private Sequence(long seed) {
        this.seed = seed;
        random = new Random(seed);
        start = Instant.parse(STARTS.get(random.nextInt(STARTS.size())));
        now = start;
    }

    /** As many steps as asked for, and the few that begin and end them. */
    public static Sequence of(long seed, int length) {
        Sequence sequence = new Sequence(seed);
        sequence.open();
        for (int i = 0; i < length; i++) {
            sequence.next(i, length);
        }
        sequence.close();
        return sequence;
    }

    /** What gives this sequence again. */
    public long seed() {
        return seed;
    }

    /** Log time before the first step. */
    public Instant start() {
        return start;
    }

    public List<Step> steps() {
        return steps;
    }

    /** How many steps there are, each action counted as one. */
    public int size() {
        return steps.stream()
                .mapToInt(step -> step instanceof Step.Act act ? act.events().size() : 1)
                .sum();
    }

    private void open() {
        World.meters().forEach(this::put);
        plans().forEach(this::put);
        subscribe("user:ann", 31, "10:15:30", "starter");
        subscribe("user:bob", 29, "00:00:00", "pro");
        subscribe("user:cy", 1, "00:00:00", "payg");
        subscribe("org:" + TEAM, 31, "10:15:30", "team");
        subscribe("org:" + BIG, 15, "23:59:59", "big");
        for (String member : TEAM_MEMBERS.subList(0, 4)) {
            member(member, MembershipStatus.ACCEPTED);
        }
        pass(Duration.ofSeconds(1));
    }

    private static List<Plan> plans() {
        return List.of(
                World.plan(
                        "starter",
                        PayerKind.USER,
                        List.of(
                                new Limit(Scope.USER, "actions", LimitWindow.DAY, 9L, Beyond.PAUSE, List.of(50, 80)),
                                World.pool(Scope.USER, "credits", Beyond.REJECT)),
                        new Allocation("credits", 1_000L, 0L)),
                World.plan(
                        "pro",
                        PayerKind.USER,
                        List.of(
                                new Limit(Scope.USER, "actions", LimitWindow.DAY, 14L, Beyond.QUEUE, List.of(50, 80)),
                                World.pool(Scope.USER, "credits", Beyond.REJECT)),
                        new Allocation("credits", 2_500L, 0L)),
                World.plan("payg", PayerKind.USER, List.of(World.pool(Scope.USER, "credits", Beyond.BILL)), null),
                World.plan(
                        "team",
                        PayerKind.ORG,
                        List.of(
                                World.pool(Scope.ORG, "credits", Beyond.REJECT),
                                World.limit(Scope.ORG, "actions", LimitWindow.CONCURRENT, 4, Beyond.REJECT)),
                        new Allocation("credits", 1_400L, 400L)),
                World.plan(
                        "team-large",
                        PayerKind.ORG,
                        List.of(
                                World.pool(Scope.ORG, "credits", Beyond.REJECT),
                                World.limit(Scope.ORG, "actions", LimitWindow.CONCURRENT, 6, Beyond.REJECT)),
                        new Allocation("credits", 3_500L, 600L)),
                World.plan(
                        "big",
                        PayerKind.ORG,
                        List.of(World.pool(Scope.ORG, "actions", Beyond.BILL)),
                        new Allocation("actions", 110L, 0L)));
    }

    /** The anchor is that day of the month before, or the last one if it is shorter. */
    private void subscribe(String subject, int day, String time, String planId) {
        Instant anchor = start.atZone(ZoneOffset.UTC)
                .minusMonths(2)
                .withDayOfMonth(1)
                .toLocalDate()
                .atTime(java.time.LocalTime.parse(time))
                .toInstant(ZoneOffset.UTC);
        int length = anchor.atZone(ZoneOffset.UTC).toLocalDate().lengthOfMonth();
        anchor = anchor.plus(Math.min(day, length) - 1L, ChronoUnit.DAYS);
        subscribe(World.subscription(subject, anchor, planId));
    }

    private void subscribe(Subscription subscription) {
        subscriptions.put(subscription.getSubject(), subscription);
        put(subscription);
    }

    private void put(SpecificRecord record) {
        switch (record) {
            case Subscription subscription ->
                subscription.getPhases().forEach(phase -> turns.add(phase.getEffectiveFrom()));
            case Grant grant -> {
                turns.add(grant.getEffectiveAt());
                if (grant.getExpiresAt() != null) {
                    turns.add(grant.getExpiresAt());
                }
            }
            default -> {}
        }
        steps.add(new Step.Put(record));
    }

    private void member(String userId, MembershipStatus status) {
        team.put(userId, status);
        put(World.membership(TEAM, userId, status));
    }

    /** A tick comes each second, so one comes when a phase or a grant begins or ends. */
    private void pass(Duration duration) {
        Instant until = now.plus(duration);
        for (Instant turn : List.copyOf(turns.headSet(until))) {
            passTo(turn);
        }
        passTo(until);
    }

    private void passTo(Instant time) {
        if (time.isAfter(now)) {
            steps.add(new Step.Pass(Duration.between(now, time)));
            now = time;
        }
        turns.remove(time);
    }

    private void next(int index, int length) {
        int dice = random.nextInt(1_000);
        if (index == length * 3 / 4) {
            cancelSubscription();
        } else if (dice < 120) {
            pass(someTime());
        } else if (dice < 180) {
            changeCatalogue();
        } else if (dice < 330) {
            ask();
        } else if (dice < 360) {
            giveUp();
        } else if (dice < 364) {
            steps.add(new Step.Restart());
        } else {
            act(random.nextInt(3) == 0 ? 1 : 2 + random.nextInt(10));
        }
    }

    private void act(int events) {
        List<ActionEvent> together = new ArrayList<>();
        for (int i = 0; i < events; i++) {
            together.add(act());
        }
        acted.addAll(together);
        steps.add(new Step.Act(together));
    }

    private void close() {
        for (int i = 0; i < 6; i++) {
            pass(Duration.ofSeconds(1));
        }
        pass(Duration.ofMinutes(7));
        for (int i = 0; i < 3; i++) {
            pass(Duration.ofSeconds(1));
        }
    }

    private Duration someTime() {
        int dice = random.nextInt(100);
        if (dice < 60) {
            return Duration.ofSeconds(1 + random.nextInt(90));
        } else if (dice < 84) {
            return Duration.ofSeconds(60 + random.nextInt(3_600));
        } else if (dice < 92) {
            return Duration.ofSeconds(3_600 + random.nextInt(12 * 3_600));
        } else if (dice < 97) {
            Instant midnight = now.truncatedTo(ChronoUnit.DAYS).plus(1, ChronoUnit.DAYS);
            return Duration.between(now, midnight).plusSeconds(random.nextInt(2));
        }
        return Duration.ofHours(20 + random.nextInt(72));
    }

    private ActionEvent act() {
        if (!acted.isEmpty() && random.nextInt(100) == 0) {
            return any(acted);
        }
        if (!asked.isEmpty() && random.nextInt(5) == 0) {
            AdmissionRequest request = asked.get(Math.max(0, asked.size() - 1 - random.nextInt(12)));
            long credits = request.getAmounts().getOrDefault("credits", 0L);
            return act(
                    request.getUserId(),
                    request.getOrgId(),
                    request.getSpaceId(),
                    random.nextInt(4) == 0 ? random.nextInt(40) : credits,
                    request.getActionId());
        }
        int dice = random.nextInt(100);
        String space = random.nextInt(3) == 0 ? null : any(SPACES);
        if (dice < 45) {
            return act(any(USERS), null, null, random.nextInt(40), null);
        } else if (dice < 75) {
            return act(any(TEAM_MEMBERS), TEAM, space, random.nextInt(40), null);
        } else if (dice < 92) {
            return act(any(USERS), BIG, space, random.nextInt(40), null);
        }
        return act(any(USERS), FREE_ORG, space, random.nextInt(40), null);
    }

    private ActionEvent act(
            String user, @Nullable String org, @Nullable String space, long credits, @Nullable String admissionId) {
        Map<String, Long> usage = new TreeMap<>();
        if (credits > 0) {
            usage.put("credits", credits);
        }
        if (random.nextInt(4) == 0) {
            usage.put("input_tokens", 1L + random.nextInt(50));
        }
        return new ActionEvent(
                "e" + ++ids,
                eventTime(),
                user,
                org,
                space,
                "model-a",
                "message.send",
                Trigger.CHAT_COMMAND,
                false,
                usage,
                admissionId,
                null);
    }

    private Instant eventTime() {
        int dice = random.nextInt(100);
        if (dice < 85) {
            return now.minusMillis(random.nextInt(30_000));
        }
        return now.minusSeconds(random.nextInt(dice < 94 ? 3 * 3_600 : 71 * 3_600));
    }

    private void ask() {
        if (!asked.isEmpty() && random.nextInt(30) == 0) {
            steps.add(new Step.Ask(asked.get(Math.max(0, asked.size() - 1 - random.nextInt(5)))));
            return;
        }
        boolean own = random.nextInt(2) == 0;
        String user = own ? any(List.of("ann", "bob", "bob", "cy")) : any(TEAM_MEMBERS);
        Map<String, Long> amounts = new TreeMap<>();
        amounts.put("actions", 1L + random.nextInt(2));
        if (random.nextInt(3) > 0) {
            amounts.put("credits", 1L + random.nextInt(40));
        }
        AdmissionRequest request = new AdmissionRequest(
                "a" + ++ids,
                own ? "user:" + user : "org:" + TEAM,
                user,
                own ? null : TEAM,
                own || random.nextInt(3) == 0 ? null : any(SPACES),
                amounts,
                1_000L * (10 + random.nextInt(1_800)));
        asked.add(request);
        steps.add(new Step.Ask(request));
    }

    private void giveUp() {
        if (!asked.isEmpty()) {
            AdmissionRequest request = asked.get(Math.max(0, asked.size() - 1 - random.nextInt(12)));
            steps.add(new Step.GiveUp(new AdmissionCancel(request.getActionId(), request.getPayer())));
        }
    }

    private void changeCatalogue() {
        switch (random.nextInt(9)) {
            case 0 -> newPhase(any(List.of("user:ann", "user:bob")), any(List.of("starter", "pro")));
            case 1 -> newPhase("org:" + TEAM, any(List.of("team", "team-large")));
            case 2 -> override(any(List.of("user:ann", "user:bob", "user:cy")));
            case 3, 4 -> grant();
            case 5, 6 -> changeMember();
            case 7 -> capOverage(any(List.of("user:cy", "user:cy", "org:" + BIG)));
            default -> changeCaps();
        }
    }

    private void newPhase(String subject, String planId) {
        Subscription subscription = Objects.requireNonNull(subscriptions.get(subject));
        Phase last = subscription.getPhases().get(subscription.getPhases().size() - 1);
        Instant from = now.truncatedTo(ChronoUnit.SECONDS)
                .plusSeconds(random.nextBoolean() ? 0 : random.nextInt(7_200) - 600L);
        if (from.isAfter(last.getEffectiveFrom())) {
            List<Phase> phases = new ArrayList<>(subscription.getPhases());
            phases.add(new Phase(planId, 1, from));
            subscribe(Subscription.newBuilder(subscription).setPhases(phases).build());
        }
    }

    private void capOverage(String subject) {
        subscribe(Subscription.newBuilder(subscriptions.get(subject))
                .setOverageCap(random.nextInt(4) == 0 ? null : (long) random.nextInt(900))
                .build());
    }

    private void override(String subject) {
        List<Limit> overrides = new ArrayList<>();
        if (random.nextInt(4) > 0) {
            overrides.add(new Limit(
                    Scope.USER,
                    "actions",
                    LimitWindow.DAY,
                    3L + random.nextInt(20),
                    subject.endsWith("bob") ? Beyond.QUEUE : Beyond.PAUSE,
                    List.of(50, 80)));
        }
        if (random.nextInt(3) == 0) {
            overrides.add(new Limit(
                    Scope.USER,
                    "credits",
                    LimitWindow.PERIOD,
                    null,
                    any(List.of(Beyond.BILL, Beyond.REJECT, Beyond.NOTIFY)),
                    List.of(80)));
        }
        subscribe(Subscription.newBuilder(subscriptions.get(subject))
                .setOverrides(overrides)
                .build());
    }

    private void grant() {
        String subject = any(List.of("user:ann", "user:bob", "org:" + TEAM, "org:" + TEAM, "org:" + BIG));
        String meter = subject.endsWith(BIG) ? "actions" : "credits";
        Instant from = now.truncatedTo(ChronoUnit.SECONDS)
                .plusSeconds(random.nextInt(3) > 0 ? -random.nextInt(3_600) : random.nextInt(86_400));
        Instant until = random.nextBoolean() ? null : from.plusSeconds(3_600 + random.nextInt(15 * 86_400));
        long amount = meter.equals("actions") ? 1 + random.nextInt(20) : 20 + random.nextInt(300);
        put(new Grant(subject, "g" + ++ids, meter, amount, from, until));
    }

    private void changeMember() {
        String member = any(TEAM_MEMBERS);
        MembershipStatus next = team.get(member) == MembershipStatus.ACCEPTED
                ? MembershipStatus.REMOVED
                : random.nextInt(4) == 0 ? MembershipStatus.INVITED : MembershipStatus.ACCEPTED;
        member(member, next);
    }

    private void changeCaps() {
        Caps caps = new Caps(
                random.nextInt(4) == 0 ? null : 150L + random.nextInt(600),
                random.nextInt(4) == 0 ? null : 200L + random.nextInt(900),
                random.nextBoolean() ? Map.of() : Map.of(any(TEAM_MEMBERS), 100L + random.nextInt(500)),
                random.nextBoolean() ? Map.of() : Map.of(any(SPACES), 100L + random.nextInt(500)));
        subscribe(Subscription.newBuilder(subscriptions.get("org:" + TEAM))
                .setCaps(caps)
                .build());
    }

    private void cancelSubscription() {
        String subject = any(List.copyOf(subscriptions.keySet()));
        subscribe(Subscription.newBuilder(subscriptions.get(subject))
                .setStatus(SubscriptionStatus.CANCELED)
                .build());
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
