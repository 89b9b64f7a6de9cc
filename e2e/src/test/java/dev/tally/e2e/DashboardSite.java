package dev.tally.e2e;

import dev.tally.schemas.ActionEvent;
import dev.tally.schemas.Trigger;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.jspecify.annotations.Nullable;

/** What the dashboard is looked at with: a browser, and a stack that stands at one time with a month of actions behind it. */
final class DashboardSite implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-11-21T15:04:05Z");

    /** An id that producers may well write. */
    static final String MARKUP = "\"><img src=x onerror=\"window.pwned=1\">";

    private final Timeline time;
    private final Chromium chromium;

    /** Starts both at once: the stack takes longer, and mostly waits. */
    DashboardSite(Path chromiumExecutable) {
        CompletableFuture<Timeline> stack = CompletableFuture.supplyAsync(() -> new Timeline("dashboard", NOW));
        try {
            chromium = Chromium.at(chromiumExecutable);
        } catch (RuntimeException | Error e) {
            stack.thenAccept(Timeline::close).join();
            throw e;
        }
        try {
            time = stack.join();
            time.publish(history());
            try (var producer = time.wire().producer()) {
                Wire.send(producer, new ProducerRecord<>("actions", new byte[] {1}, new byte[] {7, 7, 7}));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static List<ActionEvent> history() {
        List<ActionEvent> past = new ArrayList<>();
        for (int day = 30; day > 0; day--) {
            Instant at = NOW.minus(day, ChronoUnit.DAYS);
            int some = day % 7 < 2 ? 5 : 45 + day % 5 * 10;
            past.addAll(actions("demo-pro", null, some / 3, at));
            past.addAll(actions("demo-m" + (1 + day % 4), "demo-team", some, at));
            past.addAll(actions("demo-payg", null, some / 5, at));
        }
        past.addAll(actions(MARKUP, "demo-team", 10, NOW));
        past.addAll(actions("demo-e1", "demo-enterprise", 40, NOW));
        past.addAll(actions("demo-starter", null, 104, NOW));
        return past;
    }

    /** So many actions at one moment; of an org's also with spaces, models and kinds, one of each not a friendly name. */
    private static List<ActionEvent> actions(String user, @Nullable String org, int count, Instant at) {
        List<String> spaces = List.of("design", "support", "<svg onload=window.pwned=1>");
        List<String> kinds = List.of("message.send", "model.call", "javascript:alert(1)");
        List<Trigger> triggers = List.of(Trigger.CHAT_COMMAND, Trigger.AGENT_DECISION, Trigger.SCHEDULED_AUTOMATION);
        long credits = user.equals("demo-starter") ? 1 : 4;
        return IntStream.range(0, count)
                .mapToObj(i -> new ActionEvent(
                        at + "-" + i,
                        at,
                        user,
                        org,
                        org == null ? null : spaces.get(i % 5 % 3),
                        i % 4 == 0 ? null : "model-" + "abc".charAt(i % 3),
                        kinds.get(i % 7 % 3),
                        triggers.get(i % 3),
                        false,
                        Map.of("credits", credits * (1 + i % 4)),
                        null,
                        null))
                .toList();
    }

    /** Publishes actions of now, without credits, and waits until they are counted. */
    void publish(String user, int count, String idPrefix) {
        time.publish(IntStream.range(0, count)
                .mapToObj(i -> new ActionEvent(
                        idPrefix + i, NOW, user, null, null, null, "x", Trigger.OTHER, false, Map.of(), null, null))
                .toList());
    }

    LocalStack stack() {
        return time.stack();
    }

    Wire wire() {
        return time.wire();
    }

    /** Where the dashboard is. */
    String app() {
        return stack().app();
    }

    /** The page of a user. */
    static String user(String id) {
        return "/#/user/" + URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A browser's window with a storage of its own. */
    BrowserWindow newWindow() {
        return new BrowserWindow(chromium);
    }

    @Override
    public void close() {
        chromium.close();
        if (time != null) {
            time.close();
        }
    }
}
