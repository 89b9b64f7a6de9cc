package dev.tally.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tally.keys.Subject;
import dev.tally.keys.Subject.Kind;
import dev.tally.schemas.AdmissionCancel;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.schemas.AdmissionRequest;
import dev.tally.streams.metering.LimitStanding;
import dev.tally.streams.metering.PlanTerms.Beyond;
import dev.tally.streams.metering.PlanTerms.Scope;
import dev.tally.streams.metering.PlanTerms.Window;
import dev.tally.streams.state.HeldAmount;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Long sequences of all that can happen to admissions, against a simple model at every step. */
@Execution(ExecutionMode.CONCURRENT)
class AdmissionSequenceTest {

    private static final int STEPS = 12_000;
    private static final int QUEUE_MAX = 6;
    private static final List<Subject> PAYERS = List.of(Subject.user("u1"), Subject.user("u2"), Subject.org("o1"));
    private static final List<Beyond> BEYOND = List.of(Beyond.values());
    private static final List<AdmissionRig.Limit> LIMITS = List.of(
            new AdmissionRig.Limit(Kind.USER, Scope.USER, "actions", Window.DAY, 500, Beyond.QUEUE),
            new AdmissionRig.Limit(Kind.USER, Scope.USER, "credits", Window.PERIOD, 30_000, Beyond.REJECT),
            new AdmissionRig.Limit(Kind.USER, Scope.USER, "actions", Window.CONCURRENT, 8, Beyond.QUEUE),
            new AdmissionRig.Limit(Kind.ORG, Scope.ORG, "credits", Window.PERIOD, 40_000, Beyond.REJECT),
            new AdmissionRig.Limit(Kind.ORG, Scope.MEMBER, "credits", Window.PERIOD, 15_000, Beyond.REJECT),
            new AdmissionRig.Limit(Kind.ORG, Scope.SPACE, "credits", Window.PERIOD, 12_000, Beyond.PAUSE),
            new AdmissionRig.Limit(Kind.ORG, Scope.ORG, "actions", Window.DAY, 400, Beyond.QUEUE),
            new AdmissionRig.Limit(Kind.ORG, Scope.ORG, "actions", Window.CONCURRENT, 6, Beyond.QUEUE));

    /** What happens, and when. */
    private record Step(Instant at, Consumer<Run> what) {}

    @Test
    void shouldAgreeWithASimpleModelAtEveryStep() {
        Map<String, Integer> seen = new TreeMap<>();
        for (long seed = 1; seed <= 4; seed++) {
            Run run = new Run(true);
            for (Step step : steps(seed)) {
                run.take(step);
            }
            run.ledgers
                    .values()
                    .forEach(ledger -> ledger.seen.forEach((what, count) -> seen.merge(what, count, Integer::sum)));
        }
        assertThat(seen.keySet())
                .as("what was answered")
                .contains(
                        "ADMIT null",
                        "QUEUE user_limit",
                        "QUEUE org_limit",
                        "QUEUE concurrency",
                        "QUEUE queued_behind",
                        "PAUSE space_cap",
                        "REJECT pool_empty",
                        "REJECT member_cap",
                        "REJECT not_a_member",
                        "REJECT queue_full",
                        "REJECT invalid_request",
                        "EXPIRED hold_expired",
                        "CANCELED null");
    }

    @Test
    void shouldDecideTheSameWhenTheLogIsProcessedAgain() {
        // Given
        List<Step> steps = steps(4);
        Run first = new Run(false);
        steps.forEach(first::take);

        // When everything but the log is lost, and now and then what a task has on its heap
        Run again = new Run(false);
        Random restarts = new Random(5);
        for (Step step : steps) {
            again.take(step);
            if (restarts.nextInt(50) == 0) {
                again.rig.restart();
            }
        }

        // Then
        assertThat(first.told).hasSizeGreaterThan(STEPS / 2);
        assertThat(again.told).isEqualTo(first.told);
        assertThat(again.rig.board).isEqualTo(first.rig.board);
        assertThat(again.rig.stored()).isEqualTo(first.rig.stored());
    }

    @Test
    void shouldLeaveNothingBehind() {
        Run run = new Run(false);
        List<Step> steps = steps(6);
        steps.forEach(run::take);

        Instant end = steps.getLast().at().truncatedTo(ChronoUnit.SECONDS);
        for (int hour = 1; hour <= 24 * 4; hour++) {
            run.rig.tick(end.plus(Duration.ofHours(hour)));
        }

        assertThat(run.rig.stored()).isZero();
    }

    /** The things under test with what they are compared to. */
    private static final class Run {
        private final AdmissionRig rig = new AdmissionRig(QUEUE_MAX);
        private final Map<Subject, AdmissionModel> models = new LinkedHashMap<>();
        private final Map<Subject, AdmissionLedger> ledgers = new LinkedHashMap<>();
        private final List<AdmissionDecision> told = new ArrayList<>();
        private final boolean compared;
        private Instant now = AdmissionRig.START;

        Run(boolean compared) {
            this.compared = compared;
            rig.limits.addAll(LIMITS);
            if (compared) {
                for (Subject payer : PAYERS) {
                    models.put(payer, new AdmissionModel(payer, rig, QUEUE_MAX));
                    ledgers.put(payer, new AdmissionLedger(payer, rig, QUEUE_MAX));
                }
            }
        }

        void take(Step step) {
            now = step.at();
            step.what().accept(this);
            hear();
            if (compared) {
                rig.board.clear();
                models.forEach((payer, model) -> {
                    assertThat(rig.admissions().openHolds(payer)).isEqualTo(model.openHolds());
                    assertThat(rig.admissions().hasOpen(payer)).isEqualTo(model.openHolds() + model.waiting() > 0);
                    checkHeld(payer, model);
                });
            }
        }

        private void checkHeld(Subject payer, AdmissionModel model) {
            for (LimitStanding limit : rig.of(payer, "u1", "s1", Set.of("actions", "credits"), now)) {
                HeldAmount held = rig.admissions().held(payer, limit.scope(), limit.scopeId(), limit.meter());
                long of = limit.window() == Window.CONCURRENT ? held.holds() : held.amount();
                assertThat(of).as("held of %s at %s", limit, now).isEqualTo(model.held(limit));
                assertThat(of)
                        .isEqualTo(Objects.requireNonNull(ledgers.get(payer)).held(limit));
            }
        }

        /** Compares what was decided and shown since the last time. */
        private void hear() {
            told.addAll(rig.log);
            if (compared) {
                Map<String, List<String>> logs = byPayer(rig.log);
                Map<String, List<String>> boards = byPayer(rig.board);
                models.forEach((payer, model) -> {
                    assertThat(logs.getOrDefault(payer.text(), List.of()))
                            .as("decided at %s", now)
                            .isEqualTo(model.log);
                    assertThat(boards.getOrDefault(payer.text(), List.of()))
                            .as("shown at %s", now)
                            .isEqualTo(model.board);
                    model.log.clear();
                    model.board.clear();
                });
                for (AdmissionDecision decision : rig.log) {
                    Objects.requireNonNull(ledgers.get(Subject.parse(decision.getPayer())))
                            .decided(decision);
                }
                rig.board.clear();
            }
            rig.log.clear();
        }

        private static Map<String, List<String>> byPayer(List<AdmissionDecision> decisions) {
            Map<String, List<String>> texts = new HashMap<>();
            for (AdmissionDecision decision : decisions) {
                texts.computeIfAbsent(decision.getPayer(), payer -> new ArrayList<>())
                        .add(String.join(
                                " ",
                                decision.getActionId(),
                                "" + decision.getDecision(),
                                "" + decision.getRevision(),
                                "" + decision.getReason(),
                                "" + decision.getAt(),
                                "" + decision.getRetryAt(),
                                "" + decision.getHoldUntil(),
                                "" + decision.getRemaining()));
            }
            return texts;
        }

        private void model(String payer, Consumer<AdmissionModel> what) {
            if (compared) {
                what.accept(Objects.requireNonNull(models.get(Subject.parse(payer))));
            }
        }

        void request(AdmissionRequest request) {
            rig.admissions().request(request, now);
            model(request.getPayer(), model -> model.request(request, now));
        }

        void cancel(AdmissionRequest request) {
            rig.admissions().cancel(new AdmissionCancel(request.getActionId(), request.getPayer()), now);
            model(request.getPayer(), model -> model.cancel(request.getActionId(), now));
        }

        /** Usage of an action that was asked for, or of one that was not. */
        void use(AdmissionRequest request, Map<String, Long> amounts, boolean asked) {
            Subject payer = Subject.parse(request.getPayer());
            rig.use(payer, request.getUserId(), request.getSpaceId(), amounts, now);
            if (asked) {
                rig.admissions().settle(payer, request.getActionId(), amounts, now);
                model(request.getPayer(), model -> model.settle(request.getActionId(), now));
                hear();
                if (compared) {
                    Objects.requireNonNull(ledgers.get(payer)).settled(request.getActionId());
                }
            }
            reconsider(payer);
        }

        void reconsider(Subject payer) {
            rig.admissions().reconsider(payer, now);
            model(payer.text(), model -> model.upToDate(now));
        }

        void reconsiderAll() {
            PAYERS.forEach(this::reconsider);
        }

        void tick() {
            rig.tick(now);
            PAYERS.forEach(payer -> model(payer.text(), model -> model.upToDate(now)));
        }
    }

    /** What happens does not depend on what was answered. */
    private static List<Step> steps(long seed) {
        Random random = new Random(seed);
        List<Step> steps = new ArrayList<>();
        List<AdmissionRequest> asked = new ArrayList<>();
        Instant now = AdmissionRig.START;
        asked.add(request(random, "a0"));
        while (steps.size() < STEPS) {
            now = now.plusMillis(
                    random.nextInt(300) == 0 ? 60_000L * random.nextInt(1, 600) : random.nextInt(1, 40_000));
            AdmissionRequest recent = asked.get(Math.max(0, asked.size() - 1 - random.nextInt(30)));
            Map<String, Long> amounts = amounts(random);
            int which = random.nextInt(100);
            if (which < 45) {
                AdmissionRequest fresh = request(random, "a" + asked.size());
                asked.add(fresh);
                steps.add(new Step(now, run -> run.request(fresh)));
            } else if (which < 53) {
                AdmissionRequest again = random.nextBoolean()
                        ? recent
                        : AdmissionRequest.newBuilder(recent)
                                .setAmounts(amounts)
                                .build();
                steps.add(new Step(now, run -> run.request(again)));
            } else if (which < 73) {
                steps.add(new Step(now, run -> run.use(recent, amounts, true)));
            } else if (which < 79) {
                steps.add(new Step(now, run -> run.cancel(recent)));
            } else if (which < 82) {
                steps.add(new Step(now, run -> run.use(recent, amounts, false)));
            } else if (which < 86) {
                int index = random.nextInt(LIMITS.size());
                AdmissionRig.Limit limit = changed(random, LIMITS.get(index));
                steps.add(new Step(now, run -> {
                    run.rig.limits.set(index, limit);
                    run.reconsiderAll();
                }));
            } else if (which < 88) {
                steps.add(new Step(now, run -> {
                    if (!run.rig.notMembers.remove(recent.getUserId())) {
                        run.rig.notMembers.add(recent.getUserId());
                    }
                    run.reconsiderAll();
                }));
            } else {
                now = now.plusMillis(999).truncatedTo(ChronoUnit.SECONDS);
                steps.add(new Step(now, Run::tick));
            }
        }
        return steps;
    }

    private static AdmissionRequest request(Random random, String actionId) {
        Subject payer = PAYERS.get(random.nextInt(PAYERS.size()));
        boolean org = payer.kind() == Kind.ORG;
        long holdFor = switch (random.nextInt(40)) {
            case 0 -> 0;
            case 1 -> Duration.ofHours(24).toMillis();
            default -> random.nextLong(1_000, 1_200_000);
        };
        return new AdmissionRequest(
                actionId,
                payer.text(),
                org ? "u" + random.nextInt(1, 4) : payer.id(),
                org ? payer.id() : null,
                org && random.nextInt(3) > 0 ? "s" + random.nextInt(1, 3) : null,
                amounts(random),
                holdFor);
    }

    private static Map<String, Long> amounts(Random random) {
        Map<String, Long> amounts = new TreeMap<>();
        int which = random.nextInt(4);
        if (which > 0) {
            amounts.put("actions", random.nextLong(1, 4));
        }
        if (which < 3) {
            amounts.put("credits", random.nextLong(1, 60));
        }
        return amounts;
    }

    private static AdmissionRig.Limit changed(Random random, AdmissionRig.Limit limit) {
        Beyond beyond = random.nextInt(3) > 0 ? limit.beyond() : BEYOND.get(random.nextInt(BEYOND.size()));
        return new AdmissionRig.Limit(
                limit.payer(),
                limit.scope(),
                limit.meter(),
                limit.window(),
                random.nextInt(12) == 0 ? 0 : random.nextLong(limit.amount() / 2, 2 * limit.amount()),
                beyond);
    }
}
