import type { Application, ApplicationRun } from './application.ts';
import { expandVariables } from './expand-variables.ts';

/** base_set: the value is expanded a second time, as on the real switch. */
function assign(run: ApplicationRun, assignment: string): void {
  const equals = assignment.indexOf('=');
  const at = equals >= 0 ? equals : assignment.indexOf(',');
  const name = at < 0 ? assignment : assignment.slice(0, at);
  const value = at < 0 ? '' : assignment.slice(at + 1);
  if (name !== '') run.leg.variables.set(name, expandVariables(run.core, run.leg, value));
}

export const set: Application = {
  name: 'set',
  needsMedia: false,
  run: (run) => {
    assign(run, run.argument);
    run.done();
  },
};

export const multiset: Application = {
  name: 'multiset',
  needsMedia: false,
  run: (run) => {
    const own = run.argument.startsWith('^^');
    const delimiter = own ? (run.argument[2] ?? ' ') : ' ';
    for (const assignment of (own ? run.argument.slice(3) : run.argument).split(delimiter))
      if (assignment !== '') assign(run, assignment);
    run.done();
  },
};

export const unset: Application = {
  name: 'unset',
  needsMedia: false,
  run: (run) => {
    run.leg.variables.set(run.argument, undefined);
    run.done();
  },
};

/** Sets the variable here and, by way of `export_vars`, on every leg this one dials. `nolocal:` sets only those. */
export const exportVariable: Application = {
  name: 'export',
  needsMedia: false,
  run: (run) => {
    const { variables } = run.leg;
    const [name = '', ...rest] = run.argument.split('=');
    const value = rest.join('=');
    variables.set(name, value);
    const names = (variables.get('export_vars') ?? '').split(',').filter((known) => known !== '');
    if (!names.includes(name)) variables.set('export_vars', [...names, name].join(','));
    run.done();
  },
};
