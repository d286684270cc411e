import { refuseControlCharacters, type ServiceDefinition } from "./definition.ts";

/**
 * What a user types into PowerShell to start Ownkey at logon: a scheduled task of their own, without administrator
 * rights. Printed, not run: Ownkey itself is not yet supported on Windows.
 */
export function windowsRecipe({ program, home }: ServiceDefinition): string {
  return `[Environment]::SetEnvironmentVariable('OWNKEY_HOME', ${quote(home)}, 'User')
$action = New-ScheduledTaskAction -Execute ${quote(program)} -Argument 'up'
$trigger = New-ScheduledTaskTrigger -AtLogOn -User "$env:USERDOMAIN\\$env:USERNAME"
$settings = New-ScheduledTaskSettingsSet -ExecutionTimeLimit 0 -RestartCount 5 -RestartInterval (New-TimeSpan -Minutes 1)
Register-ScheduledTask -TaskName 'Ownkey' -Action $action -Trigger $trigger -Settings $settings
Start-ScheduledTask -TaskName 'Ownkey'
`;
}

/** A PowerShell string without interpolation; it also takes typographic quotes for quotes. */
function quote(value: string): string {
  refuseControlCharacters(value);
  return `'${value.replaceAll(/['\u2018\u2019\u201a\u201b]/g, "$&$&")}'`;
}
