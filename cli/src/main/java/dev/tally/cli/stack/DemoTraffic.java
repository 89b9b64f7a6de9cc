package dev.tally.cli.stack;

import dev.tally.cli.publish.ActionPublisher;
import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A few actions a second of the demo subjects, until stopped. */
public final class DemoTraffic {

    private static final int PER_SECOND = 5;
    private static final List<Actor> ACTORS = List.of(
            new Actor("demo-starter", null, null),
            new Actor("demo-pro", null, null),
            new Actor("demo-payg", null, null),
            new Actor("demo-owner", "demo-team", "design"),
            new Actor("demo-m1", "demo-team", "design"),
            new Actor("demo-m2", "demo-team", "support"),
            new Actor("demo-m3", "demo-team", null),
            new Actor("demo-e1", "demo-enterprise", "sales"),
            new Actor("demo-e2", "demo-enterprise", "sales"),
            new Actor("demo-e3", "demo-enterprise", "ops"));
    private static final List<String> TYPES =
            List.of("message.send", "email.send", "pull_request.comment", "skill.run", "model.call");
    private static final List<String> MODELS = List.of("model-a", "model-b", "model-c");
    private static final List<Trigger> TRIGGERS = List.of(
            Trigger.CHAT_COMMAND, Trigger.AGENT_DECISION, Trigger.SCHEDULED_AUTOMATION, Trigger.INTEGRATION_EVENT);

    private final ActionPublisher publisher;
    private final InstantSource clock;
    private final Random random = new Random(42);
    private final CountDownLatch stop = new CountDownLatch(1);

    private record Actor(
            String userId, @Nullable String orgId, @Nullable String spaceId) {}

    /** Traffic through a publisher. */
    public DemoTraffic(ActionPublisher publisher, InstantSource clock) {
        this.publisher = publisher;
        this.clock = clock;
    }

    /** Publishes until stopped. */
    public void run() {
        try {
            while (!stop.await(1_000 / PER_SECOND, TimeUnit.MILLISECONDS)) {
                publisher.send(next());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it. */
    public void stop() {
        stop.countDown();
    }

    private ActionEvent next() {
        Actor actor = pick(ACTORS);
        Map<String, Long> usage = Map.of(
                "credits", 1L + random.nextInt(5),
                "input_tokens", (long) random.nextInt(2_000),
                "output_tokens", (long) random.nextInt(500));
        return new ActionEvent(
                UUID.randomUUID().toString(),
                Instant.ofEpochMilli(clock.millis()),
                actor.userId(),
                actor.orgId(),
                actor.spaceId(),
                pick(MODELS),
                pick(TYPES),
                pick(TRIGGERS),
                random.nextInt(50) == 0,
                usage,
                null,
                null);
    }

    private <T> T pick(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}
