// Original file: proto/sluice/v1/options.proto


// Original file: proto/sluice/v1/options.proto

export const _sluice_v1_AccessRule_Level = {
  LEVEL_UNSPECIFIED: 'LEVEL_UNSPECIFIED',
  PUBLIC: 'PUBLIC',
  AUTHENTICATED: 'AUTHENTICATED',
} as const;

export type _sluice_v1_AccessRule_Level =
  | 'LEVEL_UNSPECIFIED'
  | 0
  | 'PUBLIC'
  | 1
  | 'AUTHENTICATED'
  | 2

export type _sluice_v1_AccessRule_Level__Output = typeof _sluice_v1_AccessRule_Level[keyof typeof _sluice_v1_AccessRule_Level]

export interface AccessRule {
  'level'?: (_sluice_v1_AccessRule_Level);
  'scopes'?: (string)[];
  'roles'?: (string)[];
}

export interface AccessRule__Output {
  'level': (_sluice_v1_AccessRule_Level__Output);
  'scopes': (string)[];
  'roles': (string)[];
}
