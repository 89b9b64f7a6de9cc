package dev.tally.streams.entitlements;

import dev.tally.schemas.Aggregation;
import dev.tally.schemas.Allocation;
import dev.tally.schemas.Beyond;
import dev.tally.schemas.Limit;
import dev.tally.schemas.LimitWindow;
import dev.tally.schemas.Membership;
import dev.tally.schemas.MembershipStatus;
import dev.tally.schemas.Meter;
import dev.tally.schemas.PayerKind;
import dev.tally.schemas.Phase;
import dev.tally.schemas.Plan;
import dev.tally.schemas.Report;
import dev.tally.schemas.Role;
import dev.tally.schemas.Scope;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.SubscriptionStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Records of a catalogue as tests write them. */
public final class World {

    private World() {}

    public static List<Meter> meters() {
        return List.of(
                new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions"),
                new Meter("credits", Aggregation.SUM, List.of("credits"), null, List.of(), "tally_credits"),
                new Meter("tokens", Aggregation.SUM, List.of("input_tokens", "output_tokens"), null, List.of(), null));
    }

    /** A plan with at most one allocation. */
    public static Plan plan(String id, PayerKind payer, List<Limit> limits, @Nullable Allocation allocation) {
        return new Plan(
                id, 1, payer, limits, allocation == null ? List.of() : List.of(allocation), null, Report.OVERAGE);
    }

    /** A pool's limit: what the allocation and grants give. */
    public static Limit pool(Scope scope, String meter, Beyond beyond) {
        return new Limit(scope, meter, LimitWindow.PERIOD, null, beyond, List.of(80));
    }

    public static Limit limit(Scope scope, String meter, LimitWindow window, long amount, Beyond beyond) {
        return new Limit(scope, meter, window, amount, beyond, List.of(80));
    }

    public static Subscription subscription(String subject, Instant anchor, String planId) {
        return new Subscription(
                subject,
                "cus_" + subject.substring(subject.indexOf(':') + 1),
                null,
                anchor,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase(planId, 1, anchor)),
                List.of(),
                null,
                null,
                null,
                List.of(),
                List.of());
    }

    public static Membership membership(String orgId, String userId, MembershipStatus status) {
        return new Membership(orgId, userId, Role.MEMBER, status, null, null, null);
    }
}
