package dev.tally.sink;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.apache.kafka.clients.producer.Producer;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {
    private static final JavaClasses SINK = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.tally.sink");

    @Test
    void shouldDependFromAppToReportingOnly() {
        layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage("dev.tally.sink..")
                .layer("app")
                .definedBy("dev.tally.sink.app..")
                .layer("checks")
                .definedBy("dev.tally.sink.checks..")
                .layer("reconciling")
                .definedBy("dev.tally.sink.reconciling..")
                .layer("comparison")
                .definedBy("dev.tally.sink.comparison..")
                .layer("seats")
                .definedBy("dev.tally.sink.seats")
                .layer("delivery")
                .definedBy("dev.tally.sink.delivery..")
                .layer("alert delivery")
                .definedBy("dev.tally.sink.alerts.delivery..")
                .layer("alert channels")
                .definedBy("dev.tally.sink.alerts.channels..")
                .layer("alert rules")
                .definedBy("dev.tally.sink.alerts")
                .layer("stripe")
                .definedBy("dev.tally.sink.stripe..")
                .layer("seat rules")
                .definedBy("dev.tally.sink.seats.rules..")
                .layer("reporting")
                .definedBy("dev.tally.sink.reporting..")
                .whereLayer("app")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("checks")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("seats")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("reconciling")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("comparison")
                .mayOnlyBeAccessedByLayers("reconciling", "app")
                .whereLayer("alert delivery")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("alert channels")
                .mayOnlyBeAccessedByLayers("app")
                .whereLayer("alert rules")
                .mayOnlyBeAccessedByLayers("alert delivery", "alert channels", "app")
                .whereLayer("delivery")
                .mayOnlyBeAccessedByLayers("checks", "reconciling", "seats", "alert delivery", "app")
                .whereLayer("stripe")
                .mayOnlyBeAccessedByLayers("checks", "reconciling", "seats", "delivery", "app")
                .whereLayer("seat rules")
                .mayOnlyBeAccessedByLayers("stripe", "seats", "app")
                .check(SINK);
    }

    @Test
    void shouldHaveNoCycles() {
        slices().matching("dev.tally.sink.(**)").should().beFreeOfCycles().check(SINK);
    }

    @Test
    void shouldKeepReportingPure() {
        classes()
                .that()
                .resideInAPackage("dev.tally.sink.reporting..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "dev.tally.keys..", "dev.tally.sink.reporting..")
                .check(SINK);
    }

    @Test
    void shouldKeepComparisonPure() {
        classes()
                .that()
                .resideInAPackage("dev.tally.sink.comparison..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "dev.tally.sink.comparison..")
                .check(SINK);
    }

    @Test
    void shouldKeepTheRulesOfSeatsPure() {
        classes()
                .that()
                .resideInAPackage("dev.tally.sink.seats.rules..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..", "org.jspecify..", "dev.tally.sink.reporting..", "dev.tally.sink.seats.rules..")
                .check(SINK);
    }

    @Test
    void shouldKeepTheRulesOfAlertsPure() {
        classes()
                .that()
                .resideInAPackage("dev.tally.sink.alerts")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "org.jspecify..",
                        "com.fasterxml.jackson..",
                        "com.standardwebhooks..",
                        "dev.tally.sink.reporting..",
                        "dev.tally.sink.alerts")
                .check(SINK);
    }

    @Test
    void shouldKnowHttpAndMailInTheChannelsOnly() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.tally.sink.alerts.channels..", "dev.tally.sink.app..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.hc..", "jakarta.mail..")
                .check(SINK);
    }

    @Test
    void shouldCommitInOnePlace() {
        noClasses()
                .that()
                .doNotHaveSimpleName("KafkaClients")
                .and()
                .doNotHaveSimpleName("LedgerProducer")
                .and()
                // Writes requests, which the owner of a ledger answers, and no ledger.
                .doNotHaveSimpleName("RequestSender")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Producer.class)
                .check(SINK);
    }

    @Test
    void shouldKnowStripeInOnePackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.tally.sink.stripe..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.stripe..")
                .check(SINK);
    }

    @Test
    void shouldNotKnowTheStreamsApp() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.tally.streams..")
                .check(SINK);
    }
}
