package dev.tally.streams.topology;

import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.metering.Standings;
import dev.tally.streams.state.AccountFigures;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.jspecify.annotations.Nullable;

/** Admissions over stores in memory, and limits that a test sets. Periods are weeks that begin on a Thursday. */
final class AdmissionRig implements Standings {

    static final Instant START = Instant.parse("2026-11-21T10:00:00Z");
    static final Duration PERIOD = Duration.ofDays(7);
    static final Duration HOLD = Duration.ofMinutes(10);

    /** A limit of all users, members, spaces or orgs. */
    record Limit(Subject.Kind payer, Scope scope, String meter, Window window, long amount, Beyond beyond) {}

    private record Used(Subject payer, Scope scope, String scopeId, String meter, Window window, Instant start) {}

    final List<AdmissionDecision> log = new ArrayList<>();
    final List<AdmissionDecision> board = new ArrayList<>();
    /** Of each decision that was asked for again, whether nothing is held or waits any more. */
    final List<Boolean> over = new ArrayList<>();

    final AccountFigures figures = new AccountFigures();
    final List<Limit> limits = new ArrayList<>();
    final Set<String> notMembers = new HashSet<>();
    final KeyValueStore<Bytes, byte[]> store = store("admissions");
    private final KeyValueStore<Bytes, byte[]> wakeStore = store("wakes");
    private final Map<Used, Long> used = new HashMap<>();
    private final int queueMax;
    private Wakes wakes = new Wakes(wakeStore, Wakes.Cause.ADMISSIONS);
    private Admissions admissions;

    AdmissionRig(int queueMax) {
        this.queueMax = queueMax;
        admissions = new Admissions(store, wakes, this, outlet(), queueMax);
    }

    private static KeyValueStore<Bytes, byte[]> store(String name) {
        KeyValueStore<Bytes, byte[]> store = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(name), Serdes.Bytes(), Serdes.ByteArray())
                .withLoggingDisabled()
                .build();
        store.init(new MockProcessorContext<Void, Void>().getStateStoreContext(), store);
        return store;
    }

    private AdmissionOutlet outlet() {
        return new AdmissionOutlet(
                log::add,
                board::add,
                (decision, isOver) -> {
                    board.add(decision);
                    over.add(isOver);
                },
                figures);
    }

    /** As after a crash: only what is in the stores is left. */
    void restart() {
        wakes = new Wakes(wakeStore, Wakes.Cause.ADMISSIONS);
        admissions = new Admissions(store, wakes, this, outlet(), queueMax);
    }

    Admissions admissions() {
        return admissions;
    }

    /** Asks for an action of a user who pays. */
    AdmissionDecision request(String actionId, Map<String, Long> amounts, Instant now) {
        return request(new AdmissionRequest(actionId, "user:u", "u", null, null, amounts, HOLD.toMillis()), now);
    }

    /** The answer as it was shown. */
    AdmissionDecision request(AdmissionRequest request, Instant now) {
        int before = board.size();
        admissions.request(request, now);
        return board.subList(before, board.size()).stream()
                .filter(decision -> decision.getActionId().equals(request.getActionId()))
                .reduce((first, last) -> last)
                .orElseThrow();
    }

    void cancel(String actionId, Instant now) {
        admissions.cancel(new AdmissionCancel(actionId, "user:u"), now);
    }

    void settle(String actionId, Map<String, Long> amounts, Instant now) {
        admissions.settle(Subject.user("u"), actionId, amounts, now);
    }

    void tick(Instant now) {
        wakes.due(now).forEach(payer -> admissions.reconsider(payer, now));
    }

    /** What has been decided since this was asked last. */
    List<String> decided() {
        List<String> texts = log.stream().map(AdmissionRig::text).toList();
        log.clear();
        return texts;
    }

    static String text(AdmissionDecision decision) {
        return decision.getActionId() + " " + decision.getDecision() + " " + decision.getRevision()
                + (decision.getReason() == null ? "" : " " + decision.getReason());
    }

    int stored() {
        return count(store);
    }

    int wakes() {
        return count(wakeStore);
    }

    private static int count(KeyValueStore<Bytes, byte[]> store) {
        int count = 0;
        try (KeyValueIterator<Bytes, byte[]> all = store.all()) {
            for (; all.hasNext(); all.next()) {
                count++;
            }
        }
        return count;
    }

    /** Counts usage of an action. */
    void use(Subject payer, String userId, @Nullable String spaceId, Map<String, Long> amounts, Instant now) {
        for (Scope scope : Scope.values()) {
            String scopeId = scopeId(scope, payer, userId, spaceId);
            if (scopeId != null) {
                for (Window window : List.of(Window.DAY, Window.PERIOD)) {
                    amounts.forEach((meter, amount) -> used.merge(
                            new Used(payer, scope, scopeId, meter, window, start(window, now)), amount, Long::sum));
                }
            }
        }
    }

    static @Nullable String scopeId(Scope scope, Subject payer, String userId, @Nullable String spaceId) {
        return switch (scope) {
            case USER, MEMBER -> userId;
            case SPACE -> spaceId;
            case ORG -> payer.id();
        };
    }

    private static Instant start(Window window, Instant now) {
        return switch (window) {
            case DAY -> now.truncatedTo(ChronoUnit.DAYS);
            case PERIOD ->
                Instant.ofEpochMilli(Math.floorDiv(now.toEpochMilli(), PERIOD.toMillis()) * PERIOD.toMillis());
            case CONCURRENT -> Instant.EPOCH;
        };
    }

    private static @Nullable Instant reset(Window window, Instant now) {
        return switch (window) {
            case DAY -> start(window, now).plus(1, ChronoUnit.DAYS);
            case PERIOD -> start(window, now).plus(PERIOD);
            case CONCURRENT -> null;
        };
    }

    @Override
    public Optional<String> refusal(Subject payer, String userId, Instant now) {
        return notMembers.contains(userId) ? Optional.of("not_a_member") : Optional.empty();
    }

    @Override
    public List<LimitStanding> of(
            Subject payer, String userId, @Nullable String spaceId, Set<String> meters, Instant now) {
        List<LimitStanding> standings = new ArrayList<>();
        for (Limit limit : limits) {
            String scopeId = scopeId(limit.scope(), payer, userId, spaceId);
            if (limit.payer() == payer.kind() && scopeId != null && meters.contains(limit.meter())) {
                Used key = new Used(
                        payer, limit.scope(), scopeId, limit.meter(), limit.window(), start(limit.window(), now));
                standings.add(new LimitStanding(
                        limit.scope(),
                        scopeId,
                        limit.meter(),
                        limit.window(),
                        limit.amount(),
                        used.getOrDefault(key, 0L),
                        limit.beyond(),
                        reset(limit.window(), now)));
            }
        }
        return standings;
    }
}
