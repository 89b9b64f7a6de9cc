package dev.tally.streams.entitlements;

import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Caps;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Plans, subscriptions, grants and memberships, and what follows from them alone. */
final class ModelCatalogue {

    private static final List<Integer> WARN_AT = List.of(80);

    private final Mutant mutant;
    private final Map<String, Plan> plans = new HashMap<>();
    private final Map<String, Subscription> subscriptions = new TreeMap<>();
    private final Map<String, Instant> canceledAt = new HashMap<>();
    private final Map<String, Map<String, Grant>> grants = new HashMap<>();
    private final Map<String, Map<String, MembershipStatus>> members = new HashMap<>();
    private final Map<String, List<SeatCount>> seatCounts = new HashMap<>();

    /** How many seats an org has from a log time on. */
    private record SeatCount(Instant from, long seats) {}

    ModelCatalogue(Mutant mutant) {
        this.mutant = mutant;
    }

    void put(Plan plan) {
        plans.put(plan.getPlanId() + "@" + plan.getVersion(), plan);
    }

    void put(Subscription subscription, Instant now) {
        subscriptions.put(subscription.getSubject(), subscription);
        if (subscription.getStatus() == SubscriptionStatus.CANCELED) {
            canceledAt.putIfAbsent(subscription.getSubject(), now);
        } else {
            canceledAt.remove(subscription.getSubject());
        }
    }

    void put(Grant grant) {
        grants.computeIfAbsent(grant.getSubject(), subject -> new TreeMap<>()).put(grant.getGrantId(), grant);
    }

    /** The org's new number of seats, where it has changed. */
    Optional<Long> put(Membership membership, Instant now) {
        Map<String, MembershipStatus> of = members.computeIfAbsent(membership.getOrgId(), org -> new TreeMap<>());
        of.put(membership.getUserId(), membership.getStatus());
        long seats =
                of.values().stream().filter(MembershipStatus.ACCEPTED::equals).count();
        String org = "org:" + membership.getOrgId();
        if (seats == seatsAt(org, now)) {
            return Optional.empty();
        }
        seatCounts.computeIfAbsent(org, subject -> new ArrayList<>()).add(new SeatCount(now, seats));
        return Optional.of(seats);
    }

    List<String> subscribers() {
        return List.copyOf(subscriptions.keySet());
    }

    @Nullable
    Subscription subscription(String subject) {
        return subscriptions.get(subject);
    }

    boolean isMember(String orgSubject, String userId) {
        return members.getOrDefault(orgSubject.substring("org:".length()), Map.of())
                        .get(userId)
                == MembershipStatus.ACCEPTED;
    }

    List<Grant> grants(String subject, String meter) {
        return grants.getOrDefault(subject, Map.of()).values().stream()
                .filter(grant -> grant.getMeter().equals(meter))
                .toList();
    }

    static boolean isInForce(Grant grant, Instant at) {
        return !at.isBefore(grant.getEffectiveAt())
                && (grant.getExpiresAt() == null || at.isBefore(grant.getExpiresAt()));
    }

    /** The phase in force at a time: the last that has begun. */
    Optional<Phase> phase(String subject, Instant at) {
        Subscription subscription = subscriptions.get(subject);
        if (subscription == null) {
            return Optional.empty();
        }
        return subscription.getPhases().stream()
                .filter(phase -> !phase.getEffectiveFrom().isAfter(at))
                .reduce((earlier, later) -> later);
    }

    Optional<Plan> plan(String subject, Instant at) {
        return phase(subject, at)
                .flatMap(phase -> Optional.ofNullable(plans.get(phase.getPlanId() + "@" + phase.getVersion())));
    }

    boolean isCanceled(String subject, Instant at) {
        Instant canceled = canceledAt.get(subject);
        return canceled != null && !at.isBefore(canceled);
    }

    /** Who pays for an action. */
    String payer(String userId, @Nullable String orgId, Instant occurredAt) {
        String user = "user:" + userId;
        if (orgId == null) {
            return user;
        }
        String org = "org:" + orgId;
        boolean orgPays = phase(org, occurredAt).isPresent()
                && plan(org, occurredAt)
                        .map(plan -> plan.getPayer() == PayerKind.ORG)
                        .orElse(true);
        return orgPays || mutant == Mutant.ORG_ALWAYS_PAYS ? org : user;
    }

    /** A subject's billing period at a time; none where no phase is in force. */
    Optional<Span> period(String subject, Instant at) {
        Subscription subscription = subscriptions.get(subject);
        if (subscription == null || phase(subject, at).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(Span.periodOf(subscription.getAnchor(), at, mutant));
    }

    /** The window of a limit that a time lies in. */
    Optional<Span> window(String payer, LimitWindow window, Instant at) {
        return switch (window) {
            case DAY -> Optional.of(Span.dayOf(at));
            case PERIOD -> period(payer, at);
            case CONCURRENT, UNKNOWN -> Optional.empty();
        };
    }

    static Scope ownScope(String payer) {
        return payer.startsWith("org:") ? Scope.ORG : Scope.USER;
    }

    static boolean isPool(String payer, Limit limit) {
        return limit.getScope() == ownScope(payer)
                && limit.getWindow() == LimitWindow.PERIOD
                && limit.getAmount() == null;
    }

    /** The payer's limits without caps: the plan's of the newest phase in force, each replaced by its override. None after the end. */
    List<Limit> limits(String payer, Instant now) {
        if (isCanceled(payer, now)) {
            return List.of();
        }
        return plan(payer, now).map(plan -> withOverrides(payer, plan)).orElse(List.of());
    }

    private List<Limit> withOverrides(String payer, Plan plan) {
        Map<String, Limit> bySlot = new TreeMap<>();
        plan.getLimits().forEach(limit -> bySlot.put(slot(limit), limit));
        Subscription subscription = subscriptions.get(payer);
        if (subscription != null) {
            subscription.getOverrides().forEach(limit -> bySlot.put(slot(limit), limit));
        }
        return List.copyOf(bySlot.values());
    }

    private static String slot(Limit limit) {
        return limit.getScope() + "/" + limit.getMeter() + "/" + limit.getWindow();
    }

    /** The limits that concern a member and a space, with their caps. */
    List<Limit> limits(String payer, Instant now, @Nullable String member, @Nullable String space) {
        List<Limit> found = new ArrayList<>();
        for (Limit limit : limits(payer, now)) {
            boolean concerns = switch (limit.getScope()) {
                case USER, ORG -> true;
                case MEMBER -> member != null;
                case SPACE -> space != null;
                case UNKNOWN -> false;
            };
            if (concerns) {
                found.add(limit);
            }
            if (isPool(payer, limit) && ownScope(payer) == Scope.ORG) {
                if (member != null) {
                    cap(payer, limit, Scope.MEMBER, member).ifPresent(found::add);
                }
                if (space != null) {
                    cap(payer, limit, Scope.SPACE, space).ifPresent(found::add);
                }
            }
        }
        return found;
    }

    /** The cap of a member or space, on the pool's meter. */
    Optional<Limit> cap(String org, Limit pool, Scope scope, String id) {
        return capAmount(org, scope, id)
                .map(amount -> new Limit(scope, pool.getMeter(), LimitWindow.PERIOD, amount, Beyond.REJECT, WARN_AT));
    }

    private Optional<Long> capAmount(String org, Scope scope, String id) {
        Subscription subscription = subscriptions.get(org);
        Caps caps = subscription == null ? null : subscription.getCaps();
        if (caps == null) {
            return Optional.empty();
        }
        boolean ofMember = scope == Scope.MEMBER;
        Long own = (ofMember ? caps.getMember() : caps.getSpace()).get(id);
        Long otherwise = ofMember ? caps.getMemberDefault() : caps.getSpaceDefault();
        if (mutant == Mutant.CAP_IGNORES_DEFAULT) {
            return Optional.ofNullable(own);
        }
        return Optional.ofNullable(own != null ? own : otherwise);
    }

    /** Whether usage beyond what is included is billed under a plan. */
    boolean bills(String payer, Plan plan, String meter) {
        return withOverrides(payer, plan).stream().anyMatch(limit -> bills(payer, limit, meter));
    }

    /** Whether it would be, were there no overrides. */
    boolean billsWithoutOverrides(String payer, Plan plan, String meter) {
        return plan.getLimits().stream().anyMatch(limit -> bills(payer, limit, meter));
    }

    private static boolean bills(String payer, Limit limit, String meter) {
        return limit.getScope() == ownScope(payer)
                && limit.getWindow() == LimitWindow.PERIOD
                && limit.getMeter().equals(meter)
                && limit.getBeyond() == Beyond.BILL;
    }

    static Optional<Allocation> allocation(Plan plan, String meter) {
        return plan.getAllocations().stream()
                .filter(allocation -> allocation.getMeter().equals(meter))
                .findFirst();
    }

    /** What a period includes: the base, and a share for each seat of the pool. */
    long included(String payer, Plan plan, String meter, Span period, Instant now) {
        return allocation(plan, meter)
                .map(allocation -> allocation.getBase() + allocation.getPerSeat() * seats(payer, period, now))
                .orElse(0L);
    }

    /** Seats of a period's pool: those at its start, raised at once, lowered with the next period. */
    private long seats(String org, Span period, Instant now) {
        if (mutant == Mutant.SEAT_RELEASED_AT_ONCE) {
            return seatsAt(org, now);
        }
        long most = seatsAt(org, period.start().isAfter(now) ? now : period.start());
        for (SeatCount count : seatCounts.getOrDefault(org, List.of())) {
            if (period.contains(count.from())) {
                most = Math.max(most, count.seats());
            }
        }
        return most;
    }

    private long seatsAt(String org, Instant at) {
        long seats = 0;
        for (SeatCount count : seatCounts.getOrDefault(org, List.of())) {
            if (!count.from().isAfter(at)) {
                seats = count.seats();
            }
        }
        return seats;
    }

    /** Whether a phase or a grant of the subject begins or ends in (after, upTo]. */
    boolean turns(String subject, Instant after, Instant upTo) {
        List<Instant> turns = new ArrayList<>();
        Subscription subscription = subscriptions.get(subject);
        if (subscription != null) {
            subscription.getPhases().forEach(phase -> turns.add(phase.getEffectiveFrom()));
        }
        for (Grant grant : grants.getOrDefault(subject, Map.of()).values()) {
            turns.add(grant.getEffectiveAt());
            if (grant.getExpiresAt() != null) {
                turns.add(grant.getExpiresAt());
            }
        }
        return turns.stream().anyMatch(turn -> turn.isAfter(after) && !turn.isAfter(upTo));
    }
}
