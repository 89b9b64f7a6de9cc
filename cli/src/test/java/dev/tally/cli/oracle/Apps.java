package dev.tally.cli.oracle;

import dev.tally.cli.oracle.Doom.End;
import dev.tally.schemas.topics.Topics;
import dev.tally.streams.app.KillableApp;
import dev.tally.streams.app.KillableApp.Fate;
import dev.tally.streams.app.Reset;
import dev.tally.streams.query.Conservation;
import dev.tally.streams.state.CrashPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;

/** The instances of streams-app of one scenario: each start is a new one with an empty disk. */
final class Apps implements AutoCloseable {
    /**
     * What a scenario's instances have in common.
     *
     * @param client for Kafka clients of the scenario's time
     * @param disks folder for their state
     */
    record Setting(
            Admin admin,
            Map<String, Object> client,
            Topics topics,
            String applicationId,
            Map<String, String> settings,
            Path disks) {}

    private static final Duration LONG_ENOUGH = Duration.ofSeconds(60);

    private final Setting setting;
    private final Progress progress;
    private final Happenings happenings;
    private final List<Life> running = new ArrayList<>();
    private final List<Life> frozen = new ArrayList<>();
    private final Map<String, String> settings;
    private int started;

    Apps(Setting setting, Progress progress, Happenings happenings) {
        this.setting = setting;
        this.settings = new HashMap<>(setting.settings());
        this.progress = progress;
        this.happenings = happenings;
    }

    /** One instance, from its start until it is stopped or dies. */
    private final class Life {
        private final Doom<CrashPoint> doom = new Doom<>();
        private final Doom<CrashPoint> failure = new Doom<>();
        private final Path disk = setting.disks().resolve(Integer.toString(++started));
        private final KillableApp app;
        private boolean awake;

        /** @param restoring how often something is read back before it dies of it; 0: it does not */
        Life(int restoring) {
            if (restoring > 0) {
                doom.set(CrashPoint.DURING_RESTORE, restoring, End.KILLED);
            }
            Map<String, String> own = new HashMap<>(settings);
            own.put("state.dir", disk.toString());
            own.put("application.server", "127.0.0.1:" + (10_000 + started));
            app = KillableApp.start(own, setting.admin(), this::fate);
        }

        private Fate fate(CrashPoint point) {
            if (failure.isMetAt(point)) {
                return Fate.FAIL;
            }
            // A store is closed with writes that are never committed only after a failure.
            if (point == CrashPoint.DURING_CLOSE && !failure.isMet()) {
                return Fate.LIVE;
            }
            if (!doom.isMetAt(point)) {
                return Fate.LIVE;
            }
            happenings.hit(point, doom.end());
            progress.somethingElse();
            return switch (doom.end()) {
                case KILLED -> Fate.DIE;
                case FROZEN -> Fate.STAND_STILL;
            };
        }

        void doom(CrashPoint point, int at, End end) {
            if (point == CrashPoint.DURING_CLOSE) {
                doom.set(point, 1, End.KILLED);
                failure.set(CrashPoint.AFTER_DRAIN, at, End.KILLED);
            } else {
                doom.set(point, at, end);
            }
        }

        void lift() {
            doom.lift();
            failure.lift();
        }

        boolean hasEnded() {
            return doom.isMet() && !awake;
        }

        void wake() {
            awake = true;
            app.wake();
        }

        void stop() {
            app.close();
            delete(disk);
        }
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            all.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
            });
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    void start() {
        running.add(new Life(0));
    }

    /** Starts one that dies while it reads its state back, for the {@code at}-th time that something of it is there. */
    void startToDieRestoring(int at) {
        running.add(new Life(at));
    }

    /** Lets all running instances end when they pass {@code point} for the {@code at}-th time from here on. */
    void endAt(CrashPoint point, int at, End end) {
        running.forEach(life -> life.doom(point, at, end));
    }

    boolean anyEnded() {
        return running.stream().anyMatch(Life::hasEnded);
    }

    /** Puts new instances in the place of those that ended; none is doomed any more. */
    void replaceEnded() {
        running.forEach(Life::lift);
        List<Life> ended = running.stream().filter(Life::hasEnded).toList();
        running.removeAll(ended);
        for (Life life : ended) {
            switch (life.doom.end()) {
                case KILLED -> life.stop();
                case FROZEN -> frozen.add(life);
            }
            start();
        }
    }

    void stopFirst() {
        running.removeFirst().stop();
    }

    /** Wakes up what stands still: it goes on where it stood, beside who came after it. */
    void thaw() {
        frozen.forEach(Life::wake);
        running.addAll(frozen);
        frozen.clear();
    }

    /** Stops all, gives their state up and starts one anew, with some settings changed. */
    void reset(Map<String, String> changed) {
        stopAll();
        settings.putAll(changed);
        Reset reset = new Reset(setting.admin(), setting.client(), setting.topics(), setting.applicationId());
        Awaitility.await().atMost(LONG_ENOUGH).until(() -> reset.members() == 0);
        reset.run();
        start();
    }

    /** What became of all records of {@code actions}, as far as instances can tell. */
    List<Conservation> outcomes() {
        return running.stream()
                .flatMap(life -> life.app.outcomes().stream())
                .flatMap(List::stream)
                .toList();
    }

    private void stopAll() {
        running.forEach(Life::lift);
        thaw();
        while (!running.isEmpty()) {
            stopFirst();
        }
    }

    @Override
    public void close() {
        stopAll();
    }
}
