package dev.tally.streams.topology;

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
import dev.tally.schemas.UsageSnapshot;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Catalogue records and actions that tests begin with. */
final class Fixtures {

    static final Instant ANCHOR = Instant.parse("2026-01-01T00:00:00Z");
    static final Instant TODAY = Instant.parse("2026-11-21T00:00:00Z");

    private Fixtures() {}

    static Meter actions() {
        return new Meter("actions", Aggregation.COUNT, List.of(), null, List.of(), "tally_actions");
    }

    static Meter tokens() {
        return new Meter("tokens", Aggregation.SUM, List.of("input_tokens", "output_tokens"), null, List.of(), null);
    }

    static Subscription subscription(String subject, Plan plan) {
        return new Subscription(
                subject,
                "cus_1",
                null,
                ANCHOR,
                SubscriptionStatus.ACTIVE,
                List.of(new Phase(plan.getPlanId(), plan.getVersion(), ANCHOR)),
                List.of(),
                null,
                null,
                null,
                List.of(),
                List.of());
    }

    static Plan starter() {
        return new Plan(
                "starter",
                1,
                PayerKind.USER,
                List.of(new Limit(Scope.USER, "actions", LimitWindow.DAY, 100L, Beyond.PAUSE, List.of(80))),
                List.of(),
                null,
                Report.OVERAGE);
    }

    static Plan enterprise() {
        return new Plan(
                "enterprise",
                1,
                PayerKind.ORG,
                List.of(new Limit(Scope.ORG, "actions", LimitWindow.PERIOD, null, Beyond.BILL, List.of(80))),
                List.of(new Allocation("actions", 100L, 0L)),
                null,
                Report.OVERAGE);
    }

    static ActionEvent action(String eventId, String userId, @Nullable String orgId, Map<String, Long> usage) {
        return new ActionEvent(
                eventId,
                Pipeline.START,
                userId,
                orgId,
                null,
                "model-a",
                "message.send",
                Trigger.CHAT_COMMAND,
                false,
                usage,
                null,
                null);
    }

    static UsageSnapshot snapshot(Map<String, UsageSnapshot> usage, String key) {
        return Objects.requireNonNull(usage.get(key), key);
    }

    static ActionEvent at(ActionEvent event, Instant occurredAt) {
        return ActionEvent.newBuilder(event).setOccurredAt(occurredAt).build();
    }

    static String text(Headers headers, String name) {
        return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
    }
}
