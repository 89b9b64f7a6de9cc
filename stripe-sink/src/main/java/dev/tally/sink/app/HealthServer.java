package dev.tally.sink.app;

import dev.tally.sink.delivery.DeliveryStatus;
import io.javalin.Javalin;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Serves {@code /health/live}, {@code /health/ready} and {@code /metrics}. */
final class HealthServer implements AutoCloseable {
    private final DeliveryStatus status;
    private final DeliveryStatus seats;
    private final Optional<DeliveryStatus> alerts;
    private final PrometheusMeterRegistry registry;
    private final Javalin server;

    /** @param alerts of alert delivery, where alerts are delivered */
    HealthServer(
            DeliveryStatus status,
            DeliveryStatus seats,
            Optional<DeliveryStatus> alerts,
            PrometheusMeterRegistry registry) {
        this.status = status;
        this.seats = seats;
        this.alerts = alerts;
        this.registry = registry;
        this.server = Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.routes.get("/health/live", context -> context.json(Map.of("status", "live")));
            config.routes.get("/health/ready", this::ready);
            config.routes.get("/metrics", this::metrics);
        });
    }

    void start(String host, int port) {
        server.start(host, port);
    }

    int port() {
        return server.port();
    }

    /** {@code holding}: all here works, but what is found at Stripe holds facts back, all or those of some meters. */
    private void ready(Context context) {
        DeliveryStatus.Findings findings = status.findings();
        List<String> reasons = notWorking();
        boolean works = reasons.isEmpty();
        status.halted().ifPresent(reason -> reasons.add("Stripe refuses the account: " + reason));
        findings.waiting().ifPresent(reasons::add);
        findings.account().forEach(problem -> reasons.add("nothing is sent: " + problem));
        findings.meters()
                .forEach((meter, problems) ->
                        reasons.add("facts of " + meter + " are held: " + String.join("; ", problems)));
        seats.halted().ifPresent(reason -> reasons.add("seats: Stripe refuses the account: " + reason));
        String text = reasons.isEmpty() ? "ready" : works ? "holding" : "not ready";
        context.status(reasons.isEmpty() ? 200 : 503);
        context.json(Map.of("status", text, "reasons", reasons));
    }

    /** Whether all parts work here, whatever Stripe says. */
    boolean works() {
        return notWorking().isEmpty();
    }

    private List<String> notWorking() {
        List<String> reasons = new ArrayList<>();
        status.snapshot().notReady().ifPresent(reasons::add);
        seats.snapshot().notReady().ifPresent(reason -> reasons.add("seats: " + reason));
        alerts.flatMap(one -> one.snapshot().notReady()).ifPresent(reason -> reasons.add("alerts: " + reason));
        return reasons;
    }

    private void metrics(Context context) {
        context.contentType("text/plain; version=0.0.4; charset=utf-8").result(registry.scrape());
    }

    @Override
    public void close() {
        server.stop();
    }
}
