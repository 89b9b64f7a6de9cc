package dev.tally.streams.app;

import dev.tally.schemas.topics.Installation;
import dev.tally.settings.CommonSettings;
import dev.tally.settings.SettingsLoader;
import dev.tally.streams.http.Security;
import dev.tally.streams.query.Answer;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.query.IntakeFigures;
import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.CrashPoint;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.awaitility.Awaitility;

/**
 * An instance of streams-app in this JVM that can die as one does by {@code kill -9}, as far as anybody else can tell: from that moment on
 * nothing reaches the brokers that it still had in hand, its transaction stays open, and it says no farewell to its group. What else a
 * killed process leaves behind is its disk: who comes after it must be given another, or the test is about something else.
 */
public final class KillableApp implements AutoCloseable {

    /** What becomes of an instance at a crash point. */
    public enum Fate {
        /** It goes on. */
        LIVE,
        /** Its thread fails and another takes its place. */
        FAIL,
        /** It dies. */
        DIE,
        /** The thread that got there stands still until it is woken up, and what it held goes to others. */
        STAND_STILL
    }

    /** Decides what becomes of an instance; asked on the thread that reaches a point. */
    @FunctionalInterface
    public interface Fates {
        Fate at(CrashPoint point);
    }

    /** All that a dead instance gets from anything it still tries; of this kind, so that its threads come to their end as they always do. */
    static final class Killed extends KafkaException {
        private static final long serialVersionUID = 1L;

        Killed() {
            super("this instance is dead");
        }
    }

    private static final Map<String, KillableApp> LIVING = new ConcurrentHashMap<>();
    private static final AtomicInteger STARTED = new AtomicInteger();
    private static final Duration LONG_ENOUGH = Duration.ofMinutes(1);

    private final String name = "app-" + STARTED.incrementAndGet();
    private final Fates fates;
    private final CountDownLatch awake = new CountDownLatch(1);
    private final MeteringApp app;
    private volatile boolean dead;

    private KillableApp(Map<String, String> settings, Fates fates) {
        this.fates = fates;
        LIVING.put(name, this);
        Map<String, String> given = new HashMap<>(settings);
        given.put("kafka.default.client.supplier", KillableClients.class.getName());
        given.put("kafka." + KillableClients.OWNER, name);
        MeteringSettings parsed =
                new MeteringSettings(SettingsLoader.load(MeteringSettings.define(), Map.of(), Map.of(), given));
        InstantSource clock = parsed.clock();
        app = MeteringApp.build(
                parsed,
                Installation.openOrCreate(
                        CommonSettings.kafkaClient(parsed.values()),
                        parsed.topics(),
                        parsed.topics().actionsPartitions(),
                        parsed.topics().subjectPartitions()),
                clock,
                parsed.values().integer(MeteringSettings.HTTP_PORT),
                Security.open(clock).toOthers(),
                new Hook());
        StreamsFailures failures = new StreamsFailures(clock, pause -> LockSupport.parkNanos(pause.toNanos()));
        app.streams()
                .setUncaughtExceptionHandler(
                        failure -> dead ? StreamThreadExceptionResponse.SHUTDOWN_CLIENT : failures.handle(failure));
    }

    /** Starts an instance, once what it needs is there. */
    public static KillableApp start(Map<String, String> settings, Admin admin, Fates fates) {
        KillableApp killable = new KillableApp(settings, fates);
        Awaitility.await()
                .atMost(LONG_ENOUGH)
                .ignoreExceptionsInstanceOf(KafkaException.class)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> killable.app.prepare(admin).isEmpty());
        killable.begin();
        return killable;
    }

    private void begin() {
        try {
            app.start();
        } catch (RuntimeException failure) {
            if (!dead) {
                throw failure;
            }
        }
    }

    private final class Hook implements CrashHook {
        @Override
        public void reached(CrashPoint point) {
            if (point == CrashPoint.DURING_CLOSE) {
                // What is closed in this JVM nobody else sees; left open, it would only take memory.
                if (fates.at(point) == Fate.DIE) {
                    dead = true;
                }
                return;
            }
            if (dead) {
                throw new Killed();
            }
            switch (fates.at(point)) {
                case LIVE -> {}
                case FAIL -> throw new IllegalStateException("a failure that is meant to be");
                case DIE -> {
                    dead = true;
                    throw new Killed();
                }
                case STAND_STILL -> awaitWaking();
            }
        }

        private void awaitWaking() {
            try {
                awake.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    static boolean isDead(String name) {
        KillableApp owner = LIVING.get(name);
        return owner == null || owner.dead;
    }

    /** What it says became of the records of its partitions; empty while it cannot tell. */
    public Optional<List<Conservation>> outcomes() {
        try {
            // Of itself alone: without HTTP servers instances cannot ask each other.
            return app.answers().stores().intake() instanceof Answer.Found<IntakeFigures>(IntakeFigures here, var stale)
                    ? Optional.of(here.conservation())
                    : Optional.empty();
        } catch (KafkaException cutOff) {
            if (!dead) {
                throw cutOff;
            }
            return Optional.empty();
        }
    }

    /** Wakes it up where it stands still. */
    public void wake() {
        awake.countDown();
    }

    /** Stops it; where it is dead, gives back what it held in this JVM. */
    @Override
    public void close() {
        wake();
        try {
            app.close();
        } catch (KafkaException cutOff) {
            if (!dead) {
                throw cutOff;
            }
        } finally {
            LIVING.remove(name);
        }
    }
}
