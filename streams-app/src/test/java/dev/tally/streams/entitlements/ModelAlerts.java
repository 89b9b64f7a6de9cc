package dev.tally.streams.entitlements;

import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.streams.entitlements.ModelStandings.Standing;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which thresholds have been passed, and which have been regained. */
final class ModelAlerts {

    private static final String BY_CATALOGUE = "catalogue";
    private static final int USUAL_SHARE = 20;
    private static final int FULL = 100;

    private final Mutant mutant;
    private final ModelCatalogue catalogue;
    private final ModelUsage usage;
    private final ModelStandings standings;
    private final Consumer<Said> out;
    private final Map<Mark, State> states = new LinkedHashMap<>();

    private enum Kind {
        WARNING,
        POOL_LOW,
        REACHED,
        EXCEEDED
    }

    /** One threshold of a limit. What is reached and what is exceeded share one. */
    private record Level(Kind kind, int percent) {}

    /** One window of one limit. */
    private record Mark(String payer, Scope scope, String scopeId, String meter, LimitWindow window, Span span) {}

    /** What has been passed of a limit, and the limit when it was last looked at. */
    private static final class State {
        private final Map<Integer, Passed> passed = new HashMap<>();
        private Limit limit = new Limit();
    }

    /** What has been said of a threshold in its present epoch. */
    private static final class Passed {
        private final Set<Kind> said = EnumSet.noneOf(Kind.class);
        private int epoch;
    }

    ModelAlerts(
            Mutant mutant, ModelCatalogue catalogue, ModelUsage usage, ModelStandings standings, Consumer<Said> out) {
        this.mutant = mutant;
        this.catalogue = catalogue;
        this.usage = usage;
        this.standings = standings;
        this.out = out;
    }

    /** After an action: what it has passed. */
    void afterAction(String payer, Limit limit, String scopeId, Span span, String eventId, Instant now) {
        standings
                .of(payer, limit, scopeId, span, now)
                .ifPresent(standing -> raise(mark(payer, limit, scopeId, span), limit, standing, eventId, now));
    }

    /** After a change: the windows that are open are judged again. */
    void afterChange(String payer, Instant now) {
        if (catalogue.isCanceled(payer, now)) {
            return;
        }
        Set<Mark> judged = new HashSet<>();
        for (Limit limit : catalogue.limits(payer, now)) {
            standings.window(payer, limit.getWindow(), now).ifPresent(span -> {
                for (String id : ids(payer, limit, span)) {
                    judge(payer, limit, id, span, now).ifPresent(judged::add);
                }
                if (ModelCatalogue.isPool(payer, limit) && limit.getScope() == Scope.ORG) {
                    judgeCaps(payer, limit, span, judged, now);
                }
            });
        }
        states.forEach((mark, state) -> {
            if (mark.payer().equals(payer) && mark.span().contains(now) && !judged.contains(mark)) {
                recover(
                        mark,
                        state.limit,
                        null,
                        standings.counted(payer, state.limit, mark.scopeId(), mark.span()),
                        now);
            }
        });
    }

    private List<String> ids(String payer, Limit limit, Span span) {
        return switch (limit.getScope()) {
            case USER, ORG, UNKNOWN -> List.of(ModelStandings.scopeId(payer, limit.getScope(), "", ""));
            case MEMBER, SPACE -> usage.ids(ModelStandings.window(payer, limit, span), limit.getScope());
        };
    }

    private void judgeCaps(String org, Limit pool, Span span, Set<Mark> judged, Instant now) {
        ModelUsage.Window window = ModelStandings.window(org, pool, span);
        for (Scope scope : List.of(Scope.MEMBER, Scope.SPACE)) {
            for (String id : usage.ids(window, scope)) {
                catalogue
                        .cap(org, pool, scope, id)
                        .flatMap(cap -> judge(org, cap, id, span, now))
                        .ifPresent(judged::add);
            }
        }
    }

    private Optional<Mark> judge(String payer, Limit limit, String scopeId, Span span, Instant now) {
        return standings.of(payer, limit, scopeId, span, now).map(standing -> {
            Mark mark = mark(payer, limit, scopeId, span);
            recover(mark, limit, standing.limit(), standing.limitUsed(), now);
            if (standing.limitUsed() > 0) {
                raise(mark, limit, standing, BY_CATALOGUE, now);
            }
            return mark;
        });
    }

    private static Mark mark(String payer, Limit limit, String scopeId, Span span) {
        return new Mark(payer, limit.getScope(), scopeId, limit.getMeter(), limit.getWindow(), span);
    }

    private void raise(Mark mark, Limit limit, Standing standing, String cause, Instant now) {
        for (Level level : levels(mark.payer(), limit)) {
            Passed passed = passed(mark, limit, level);
            if (!passed.said.contains(level.kind())
                    && holds(mark, limit, level, standing.limit(), standing.limitUsed(), now)) {
                passed.said.add(level.kind());
                say(
                        mark,
                        level.kind().name(),
                        level.percent(),
                        passed.epoch,
                        standing.limit(),
                        standing.limitUsed(),
                        cause,
                        now);
            }
        }
    }

    /** A threshold ends where usage is below it; at a limit that is gone it always is. */
    private void recover(Mark mark, Limit limit, @Nullable Long allowed, long used, Instant now) {
        Level highest = null;
        int epoch = 0;
        for (Level level : levels(mark.payer(), limit)) {
            Passed passed = passed(mark, limit, level);
            boolean isAbove =
                    level.kind() == Kind.EXCEEDED || (allowed != null && holds(mark, limit, level, allowed, used, now));
            if (!passed.said.isEmpty() && !isAbove) {
                highest = level;
                epoch = passed.epoch;
                passed.said.clear();
                passed.epoch += mutant == Mutant.EPOCH_NOT_RISEN ? 0 : 1;
            }
        }
        if (highest != null) {
            say(mark, "RECOVERED", highest.percent(), epoch, allowed, used, BY_CATALOGUE, now);
        }
    }

    private Passed passed(Mark mark, Limit limit, Level level) {
        State state = states.computeIfAbsent(mark, key -> new State());
        state.limit = limit;
        return state.passed.computeIfAbsent(level.percent(), percent -> new Passed());
    }

    /** Ascending. */
    private List<Level> levels(String payer, Limit limit) {
        List<Level> levels = new ArrayList<>();
        if (isOrgPool(payer, limit)) {
            levels.add(new Level(Kind.POOL_LOW, share(payer)));
        } else {
            limit.getWarnAt().stream().sorted().forEach(percent -> levels.add(new Level(Kind.WARNING, percent)));
        }
        levels.add(new Level(Kind.REACHED, FULL));
        levels.add(new Level(Kind.EXCEEDED, FULL));
        return levels;
    }

    private static boolean isOrgPool(String payer, Limit limit) {
        return limit.getScope() == Scope.ORG && ModelCatalogue.isPool(payer, limit);
    }

    private int share(String payer) {
        Subscription subscription = catalogue.subscription(payer);
        Integer share = subscription == null ? null : subscription.getPoolLowShare();
        return share == null ? USUAL_SHARE : share;
    }

    private boolean holds(Mark mark, Limit limit, Level level, long allowed, long used, Instant now) {
        return switch (level.kind()) {
            case WARNING -> used * 100 >= allowed * level.percent();
            case POOL_LOW ->
                standings.poolLeft(mark.payer(), limit.getMeter(), mark.span(), now) * 100
                        < included(mark.payer(), limit, mark.span(), now) * level.percent();
            case REACHED -> used >= allowed;
            case EXCEEDED -> mutant == Mutant.EXCEEDED_WHEN_REACHED ? used >= allowed : used > allowed;
        };
    }

    private long included(String payer, Limit limit, Span span, Instant now) {
        return catalogue
                .plan(payer, now)
                .map(plan -> catalogue.included(payer, plan, limit.getMeter(), span, now))
                .orElse(0L);
    }

    private void say(
            Mark mark,
            String kind,
            int percent,
            int epoch,
            @Nullable Long allowed,
            long used,
            String cause,
            Instant now) {
        out.accept(new Said.Alert(
                kind,
                mark.payer(),
                mark.scope().name(),
                mark.scopeId(),
                mark.meter(),
                mark.span().start(),
                mark.span().end(),
                percent,
                epoch,
                allowed,
                used,
                cause,
                !mark.span().end().isAfter(now)));
    }
}
