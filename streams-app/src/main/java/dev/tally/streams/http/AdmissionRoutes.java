package dev.tally.streams.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tally.keys.Subject;
import dev.tally.schemas.AdmissionDecision;
import dev.tally.streams.http.auth.Caller;
import dev.tally.streams.metering.MeterSet;
import dev.tally.streams.query.Answer;
import dev.tally.streams.requests.AdmissionAsk;
import dev.tally.streams.requests.Admissions;
import dev.tally.streams.requests.Requests;
import io.javalin.http.Context;
import java.time.Duration;

/** The routes of admissions. */
final class AdmissionRoutes {

    private final HttpApi.Collaborators with;

    AdmissionRoutes(HttpApi.Collaborators with) {
        this.with = with;
    }

    void ask(Context context) {
        var unused = new Call(context, with.clock());
        ObjectNode json = JsonBody.of(context);
        Caller caller = Guard.caller(context);
        Admissions admissions = admissions();
        Waiting.on(context, () -> {
            Answer<MeterSet> meters = admissions.meters();
            if (meters instanceof Answer.Found<MeterSet>(MeterSet known, boolean ignored)) {
                AdmissionAsk ask = AdmissionFields.read(json, known);
                if (!caller.actsFor(ask.userId(), ask.orgId())) {
                    throw new Problem.Signal(Problem.otherSubject());
                }
                ask(context, admissions, ask);
            } else {
                Routes.answer(context, meters, (found, stale) -> found, Problem::notFound);
            }
        });
    }

    private static void ask(Context context, Admissions admissions, AdmissionAsk ask) {
        Answer<AdmissionDecision> answer = admissions.ask(ask);
        if (answer instanceof Answer.Found<AdmissionDecision>(AdmissionDecision decision, boolean ignored)
                && !ask.isAnsweredBy(decision)) {
            Reply.problem(
                    context,
                    Problem.conflict(decision.getPayer() + " has an admission " + ask.actionId()
                            + " of another user, org or space, or with other amounts; nothing was held for this one,"
                            + " use another actionId"));
        } else {
            answer(context, answer);
        }
    }

    void find(Context context) {
        Call call = new Call(context, with.clock(), "payer", "wait");
        String actionId = call.id(3, "actionId");
        Subject payer = call.payer();
        Duration wait = call.longestWait();
        Admissions admissions = admissions();
        ofCaller(context, admissions, payer, actionId, () -> answer(context, admissions.find(payer, actionId, wait)));
    }

    void cancel(Context context) {
        Call call = new Call(context, with.clock(), "payer");
        String actionId = call.id(3, "actionId");
        Subject payer = call.payer();
        Admissions admissions = admissions();
        ofCaller(context, admissions, payer, actionId, () -> answer(context, admissions.cancel(payer, actionId)));
    }

    /**
     * Goes on with an admission that the caller's token covers. Whose admission it is stands in the admission only; so one that is not covered is
     * answered as one that is not there.
     */
    private static void ofCaller(
            Context context, Admissions admissions, Subject payer, String actionId, Runnable then) {
        Caller caller = Guard.caller(context);
        if (!caller.mayBePaidBy(payer)) {
            throw new Problem.Signal(Problem.otherSubject());
        }
        if (!caller.isNarrowed()) {
            Waiting.on(context, then);
            return;
        }
        Waiting.on(context, () -> {
            Answer<AdmissionDecision> known = admissions.find(payer, actionId, Duration.ZERO);
            switch (known) {
                case Answer.NotReady<AdmissionDecision> notReady -> answer(context, notReady);
                case Answer.Found<AdmissionDecision>(AdmissionDecision decision, boolean ignored)
                when caller.actsFor(decision.getUserId(), decision.getOrgId()) -> then.run();
                case Answer.FromStandby<AdmissionDecision>(AdmissionDecision decision, long ignored)
                when caller.actsFor(decision.getUserId(), decision.getOrgId()) -> then.run();
                case Answer.Found<AdmissionDecision> notTheirs -> noAdmission(context, payer, actionId);
                case Answer.FromStandby<AdmissionDecision> notTheirs -> noAdmission(context, payer, actionId);
                case Answer.Absent<AdmissionDecision> absent -> noAdmission(context, payer, actionId);
                case Answer.OutOfRetention<AdmissionDecision> old -> noAdmission(context, payer, actionId);
            }
        });
    }

    private static void noAdmission(Context context, Subject payer, String actionId) {
        Reply.problem(context, Problem.noAdmission(payer + " has no admission " + actionId));
    }

    private Admissions admissions() {
        return with.requests().get().map(Requests::admissions).orElseThrow(() -> Routes.notStarted(with));
    }

    private static void answer(Context context, Answer<AdmissionDecision> answer) {
        Routes.answer(context, answer, Shapes.Admission::of, Problem::noAdmission);
    }
}
