// Reads vitest's JSON results and closes the run: exit code 1 if a test failed or was skipped or if
// none ran, and the counts alone on the last line, in the form that a reader of logs looks for.
import { existsSync, readFileSync } from 'node:fs';

const [file] = process.argv.slice(2);

function verdictOf(results) {
  const problems = [];
  let passed = 0;
  let failed = 0;
  for (const suite of results.testResults) {
    const tests = suite.assertionResults;
    const failures = tests.filter((test) => test.status === 'failed').length;
    passed += tests.filter((test) => test.status === 'passed').length;
    failed += failures;
    // A file that cannot be loaded, or whose hook throws, fails without a failed test in it.
    if (suite.status === 'failed' && failures === 0) {
      failed += 1;
      problems.push(`failed as a whole: ${suite.name}`);
    }
    for (const test of tests) {
      if (test.status !== 'passed' && test.status !== 'failed') {
        problems.push(`${test.status}: ${test.fullName}`);
      }
    }
  }
  if (passed + failed === 0) problems.push('no test ran');
  // Unhandled errors fail the run outside any test.
  if (!results.success && failed === 0) problems.push('vitest reports the run as failed');
  return { passed, failed, problems };
}

if (file === undefined || !existsSync(file)) {
  console.log('ci: no test ran; the failure above came before the tests and counts as one.');
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} else {
  const { passed, failed, problems } = verdictOf(JSON.parse(readFileSync(file, 'utf8')));
  for (const problem of problems) console.log(`ci: ${problem}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || problems.length > 0 ? 1 : 0;
}
