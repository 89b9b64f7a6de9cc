package dev.tally.streams.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Subject;
import dev.tally.schemas.Grant;
import dev.tally.schemas.Membership;
import dev.tally.schemas.Subscription;
import dev.tally.schemas.catalogue.Catalogue;
import dev.tally.schemas.catalogue.CatalogueException;
import dev.tally.schemas.catalogue.CatalogueJson;
import dev.tally.streams.query.Answer;
import dev.tally.streams.requests.CatalogueWrites;
import dev.tally.streams.requests.CatalogueWrites.Written;
import dev.tally.streams.requests.Requests;
import io.javalin.http.Context;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;

/** The routes that change the catalogue: each checks the whole record, publishes it, and answers when it is in force. */
final class CatalogueRoutes {

    private static final String NOT_HERE =
            "the catalogue is changed over HTTP only where http.host is a loopback address; http.writes=anywhere allows it";

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    private final HttpApi.Collaborators with;

    CatalogueRoutes(HttpApi.Collaborators with) {
        this.with = with;
    }

    /** Reads a record from JSON. */
    private interface Reading<T> {
        T read() throws CatalogueException;
    }

    void subscription(Context context) {
        Subject subject = call(context).wholeSubject();
        change(context, subject, (json, writes) -> {
            List<String> mismatches = new ArrayList<>();
            fill(json, "subject", subject.text(), mismatches);
            around(context, writes, subject, existing -> {
                Subscription record = checked(mismatches, () -> CatalogueJson.subscription(json, existing));
                publish(context, writes, record, warnings(record, existing));
            });
        });
    }

    void settings(Context context) {
        Subject org = call(context).subject();
        change(
                context,
                org,
                (json, writes) -> around(context, writes, org, existing -> {
                    if (existing.subscriptions().isEmpty()) {
                        throw new Problem.Signal(Problem.noSubscription(org.text() + " has no subscription"));
                    }
                    Subscription before = existing.subscriptions().get(0);
                    Subscription after = checked(List.of(), () -> CatalogueJson.settings(json, before, existing));
                    publish(context, writes, after, warnings(after, existing));
                }));
    }

    void membership(Context context) {
        Call call = call(context);
        Subject org = call.subject();
        String user = call.id(5, "the member's id");
        change(context, org, (json, writes) -> {
            List<String> mismatches = new ArrayList<>();
            fill(json, "orgId", org.id(), mismatches);
            fill(json, "userId", user, mismatches);
            around(context, writes, org, existing -> {
                Membership record = checked(mismatches, () -> CatalogueJson.membership(json, existing));
                publish(context, writes, record, List.of());
            });
        });
    }

    void grant(Context context) {
        Subject subject = call(context).subject();
        change(context, subject, (json, writes) -> {
            List<String> mismatches = new ArrayList<>();
            fill(json, "subject", subject.text(), mismatches);
            around(context, writes, subject, existing -> {
                Grant grant = checked(mismatches, () -> CatalogueJson.grant(json, existing));
                // Published over another, it would change what has been covered by that.
                Answer<Optional<Grant>> before = writes.grant(subject, grant.getGrantId());
                if (!(before instanceof Answer.Found<Optional<Grant>>(Optional<Grant> known, boolean ignored))) {
                    Routes.answer(context, before, (found, stale) -> found, Problem::notFound);
                } else if (known.isPresent() && !known.get().equals(grant)) {
                    Reply.problem(
                            context,
                            Problem.conflict(subject.text() + " has a grant " + grant.getGrantId()
                                    + " with other content; a grant never changes, use another grantId"));
                } else {
                    publish(context, writes, grant, List.of());
                }
            });
        });
    }

    private Call call(Context context) {
        if (!with.catalogueWritable()) {
            throw new Problem.Signal(Problem.forbidden(NOT_HERE));
        }
        return new Call(context, with.clock());
    }

    private interface Change {
        void make(ObjectNode json, CatalogueWrites writes);
    }

    private void change(Context context, Subject subject, Change change) {
        ObjectNode json = JsonBody.of(context);
        CatalogueWrites writes =
                with.requests().get().map(Requests::catalogue).orElseThrow(() -> Routes.notStarted(with));
        Waiting.on(context, () -> {
            if (!writes.alone(subject, () -> change.make(json, writes))) {
                Reply.notReady(context, "other changes are still being made; nothing was done", RETRY_AFTER);
            }
        });
    }

    /** What the path names needs no repeating in the body, and must not be contradicted there. */
    private static void fill(ObjectNode json, String field, String ofPath, List<String> mismatches) {
        JsonNode given = json.path(field);
        if (given.isMissingNode() || given.isNull()) {
            json.put(field, ofPath);
        } else if (!given.isTextual() || !given.textValue().equals(ofPath)) {
            mismatches.add(field + ": is " + given + ", the path says " + ofPath);
        }
    }

    private static <T> T checked(List<String> mismatches, Reading<T> reading) {
        List<String> problems = new ArrayList<>(mismatches);
        try {
            T record = reading.read();
            if (problems.isEmpty()) {
                return record;
            }
        } catch (CatalogueException e) {
            problems.addAll(e.problems());
        }
        throw new Problem.Signal(Problem.badBody(problems));
    }

    private static void around(Context context, CatalogueWrites writes, Subject subject, Consumer<Catalogue> then) {
        Answer<Catalogue> around = writes.around(subject);
        if (around instanceof Answer.Found<Catalogue>(Catalogue existing, boolean ignored)) {
            then.accept(existing);
        } else {
            Routes.answer(context, around, (found, stale) -> found, Problem::notFound);
        }
    }

    private static List<String> warnings(Subscription subscription, Catalogue existing) {
        return CatalogueJson.missingPlans(subscription, existing).stream()
                .map(plan -> "there is no plan " + plan
                        + " yet: until there is, usage counts without limits and billing waits")
                .toList();
    }

    private static void publish(Context context, CatalogueWrites writes, SpecificRecord record, List<String> warnings) {
        Answer<Written> answer = writes.publish(record);
        if (answer instanceof Answer.Found<Written>(Written written, boolean ignored)) {
            context.status(written == Written.IN_FORCE ? 200 : 202);
        }
        Routes.answer(
                context, answer, (written, stale) -> Shapes.Change.of(record, written, warnings), Problem::notFound);
    }
}
