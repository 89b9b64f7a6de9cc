package dev.tally.streams.app;

import dev.tally.streams.http.HttpApi;
import dev.tally.streams.http.Security;
import dev.tally.streams.state.CrashHook;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An instance with its HTTP server, which others of its group ask and are asked by. */
final class ServedInstance {

    /** What one in a process of its own says once it listens, before its port. */
    static final String LISTENS_AT = "listens at port ";

    private static final int MOST_STREAMS = 100;

    private final AtomicReference<@Nullable MeteringApp> app = new AtomicReference<>();
    private final HttpApi http = new HttpApi(new HttpApi.Collaborators(
            () -> running(MeteringApp::queries),
            () -> running(MeteringApp::requests),
            () -> running(of -> of.answers().local()),
            () -> running(MeteringApp::changes),
            () -> running(MeteringApp::changesHere),
            MOST_STREAMS,
            Optional::empty,
            true,
            () -> true,
            Optional::empty,
            () -> "",
            "72h",
            Instant::now,
            Security.open(Instant::now)));

    /** Starts it once what it needs is there. */
    ServedInstance(Map<String, String> settings) {
        http.start("127.0.0.1", 0);
        Map<String, String> served = new HashMap<>(settings);
        served.put("application.server", "127.0.0.1:" + http.port());
        app.set(TallyOnBroker.start(
                TallyOnBroker.build(served, CrashHook.NONE),
                Map.of("bootstrap.servers", Objects.requireNonNull(settings.get("bootstrap.servers")))));
    }

    /** One in a process of its own: {@code key=value} for each setting. */
    public static void main(String[] args) throws IOException {
        ServedInstance instance = new ServedInstance(Arrays.stream(args)
                .map(setting -> setting.split("=", 2))
                .collect(Collectors.toMap(setting -> setting[0], setting -> setting[1])));
        System.out.println(LISTENS_AT + instance.port() + ".");
        // Whoever started this process holds the other end: it ends with the test in any case.
        int unused = System.in.read();
        Runtime.getRuntime().halt(0);
    }

    private <T> Optional<T> running(Function<MeteringApp, T> of) {
        return Optional.ofNullable(app.get()).map(of);
    }

    MeteringApp app() {
        return Objects.requireNonNull(app.get());
    }

    int port() {
        return http.port();
    }

    void stop() {
        http.close();
        app().close();
    }
}
