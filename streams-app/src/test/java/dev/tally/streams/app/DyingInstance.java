package dev.tally.streams.app;

import dev.tally.streams.state.CrashHook;
import dev.tally.streams.state.CrashPoint;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * An instance in a process of its own, which dies without a word when it reaches a point for the n-th time: a test ends processes at a
 * place, not after a time.
 */
final class DyingInstance {

    /** Exit code of one that died where it was to die. */
    static final int DIED = 86;

    private static final int ORPHANED = 1;

    private DyingInstance() {}

    /** Point, how many times it is reached, and {@code key=value} for each setting. */
    public static void main(String[] args) throws IOException {
        Map<String, String> settings = Arrays.stream(args)
                .skip(2)
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1]));
        Death death = new Death(CrashPoint.valueOf(args[0]), Integer.parseInt(args[1]));
        MeteringApp app = TallyOnBroker.start(
                TallyOnBroker.build(settings, death),
                Map.of("bootstrap.servers", String.valueOf(settings.get("bootstrap.servers"))));
        // Whoever started this process holds the other end: it ends with the test in any case.
        int end = System.in.read();
        app.close();
        Runtime.getRuntime().halt(end == -1 ? ORPHANED : 0);
    }

    private static final class Death implements CrashHook {
        private final CrashPoint at;
        private final int times;
        private final AtomicInteger reached = new AtomicInteger();
        private volatile boolean failed;

        Death(CrashPoint at, int times) {
            this.at = at;
            this.times = times;
        }

        @Override
        public void reached(CrashPoint point) {
            if (at == CrashPoint.DURING_CLOSE) {
                failThenDie(point);
            } else if (point == at && reached.incrementAndGet() == times) {
                Runtime.getRuntime().halt(DIED);
            }
        }

        /** A store is closed with writes that are never committed only after a failure. */
        private void failThenDie(CrashPoint point) {
            if (point == CrashPoint.AFTER_DRAIN && reached.incrementAndGet() == times) {
                failed = true;
                throw new IllegalStateException("a failure that is meant to be");
            }
            if (point == CrashPoint.DURING_CLOSE && failed) {
                Runtime.getRuntime().halt(DIED);
            }
        }
    }
}
